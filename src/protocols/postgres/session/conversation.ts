import type { Order, Resolution, Waiting } from "../../../protocol/index.js";
import type { MaskPlan } from "../../../vocabulary/index.js";
import { encodeReadyForQuery } from "../codec/backend.js";
import { encodeFlush, encodeParse, encodeSync } from "../codec/frontend.js";
import { transactionStatus } from "../codec/types.js";
import { encodeOwnReport, type Report, sqlState } from "../errors.js";
import { type Portal, type Statement, weighPortal } from "../statements.js";
import { askOf } from "./ask-of.js";
import { ClientSide } from "./client-side.js";
import { SessionContext } from "./context.js";
import type { CopyTurn } from "./copies.js";
import type { Core } from "./core.js";
import { Cursors } from "./cursors.js";
import { Ending } from "./ending.js";
import { FinishedNotes } from "./finished-notes.js";
import type { Startup } from "./greeting.js";
import type { Held } from "./held.js";
import { learn } from "./learn.js";
import { Names } from "./names.js";
import { type OwnQuestion, type OwnWork, simpleTexts, startOwnWork, startSimpleWork } from "./own-work.js";
import { Pending, PendingQueue } from "./pending.js";
import { TargetSide } from "./target-side.js";

/** The open session: what both directions share. Each direction walks its own frames. */
export class Conversation {
  readonly core: Core;
  readonly context: SessionContext;
  readonly pending = new PendingQueue();
  readonly statements = new Names<Statement>(({ size }) => size);
  readonly portals = new Names<Portal>(weighPortal);
  /** Unguessable, for what we prepare ourselves. */
  readonly ownName: string;
  readonly replication: Startup["replication"];
  readonly maskKey: Buffer;
  readonly notes: FinishedNotes;
  readonly ending: Ending;
  readonly cursors = new Cursors();
  readonly client: ClientSide;
  readonly target: TargetSide;
  status: number;
  /** Pipelines so far: names proposed in another one wait for the target. */
  segment = 0;
  /** Messages of the extended protocol since the last Sync, and whether one of them ran something. */
  unsynced = 0;
  executedUnsynced = false;
  /** Definitions are being changed: what follows is judged when the target is through with them. */
  defining = false;
  flushed = true;
  /** Until Sync, as after an error: the client's messages are dropped. */
  discarding = false;
  copy: CopyTurn | null = null;
  /** Ascends when rules or rights changed, and with what changes definitions or settings: portals are then asked anew. */
  epoch = 0;
  /** Judged statements forwarded so far. */
  turn = 0;
  #work = 0;

  constructor(core: Core, startup: Startup, parameters: ReadonlyMap<string, string>, status: number) {
    this.core = core;
    this.status = status;
    this.replication = startup.replication;
    this.ownName = `hoop_${core.init.random(12).toString("hex")}`;
    this.maskKey = core.init.maskKey ?? core.init.random(32);
    this.context = new SessionContext(startup.database, startup.role, startup.user, startup.replication !== null);
    for (const [name, value] of parameters) this.context.parameter(name, value);
    this.context.started(startup.parameters);
    this.context.dirty = mayChangeContext(startup.parameters);
    this.notes = new FinishedNotes(core.out);
    this.ending = new Ending(this);
    this.client = new ClientSide(this);
    this.target = new TargetSide(this);
  }

  // What the two directions ask of each other.

  toTarget(frame: Buffer, pending: Pending | null): void {
    this.core.out.send("target", frame);
    if (pending !== null) this.pending.push(pending);
  }

  /** A message of the extended protocol that the target answers no sooner than at Flush or Sync. */
  pipelined(frame: Buffer, pending: Pending | null): void {
    this.toTarget(frame, pending);
    this.unsynced++;
    this.flushed = false;
  }

  /** A Query, FunctionCall or Sync: the target answers with ReadyForQuery. */
  turnEnds(frame: Buffer, pending: Pending): void {
    this.toTarget(frame, pending);
    this.segment++;
    this.unsynced = 0;
    this.executedUnsynced = false;
    this.flushed = true;
  }

  sync(): void {
    this.turnEnds(encodeSync(), new Pending("sync"));
  }

  /** Has the target answer what it holds back. */
  flush(): void {
    if (this.flushed) return;
    this.flushed = true;
    this.core.out.send("target", encodeFlush());
  }

  /**
   * Refuses a message of the client in its place among the replies. Inside of a pipeline everything up to Sync is then
   * discarded; what ran before in the same implicit transaction must not be committed by that Sync, so the target is made
   * to fail too, by a statement that it cannot parse, whose error we replace by ours.
   */
  refuse(report: Report, message: "pipelined" | "turn"): void {
    const refusal = encodeOwnReport(report);
    if (message === "turn" && this.unsynced === 0) {
      const local = new Pending("refused-query");
      local.refusal = refusal;
      this.pending.push(local);
      this.emitLocals();
      return;
    }
    const pending = new Pending(this.executedUnsynced ? "poison" : "refusal");
    pending.refusal = refusal;
    if (pending.kind === "poison") {
      this.pipelined(encodeParse(this.ownName, "hoop refused a later statement of this pipeline"), pending);
    } else this.pending.push(pending);
    if (message === "turn") this.sync();
    else this.discarding = true;
    this.flush();
    this.emitLocals();
  }

  /**
   * A pipeline ends here for the client: everything up to Sync is discarded, and the target is made to fail too, so that the
   * Sync does not commit what ran before.
   */
  discardPipeline(): void {
    for (const { endsTurn } of this.pending) if (endsTurn) return;
    this.discarding = true;
    this.client.discarded();
    if (!this.executedUnsynced) return;
    const pending = new Pending("poison");
    pending.refusal = Buffer.alloc(0);
    this.pipelined(encodeParse(this.ownName, "hoop ended a result of this pipeline"), pending);
  }

  /** Refusals whose turn has come. */
  emitLocals(): void {
    for (let head = this.pending.head; head?.local; head = this.pending.head) {
      this.target.toClient(head.refusal!);
      if (head.kind === "refused-query") this.target.toClient(encodeReadyForQuery(this.status));
      this.pending.pop();
    }
  }

  ask(held: Exclude<Held, { kind: "later" }>, text: string): number {
    const id = this.core.out.nextId();
    const context = this.context.for(text, this.#statusNow(), this.statements, !this.settled);
    this.core.out.push({ kind: "ask", id, ask: askOf(held, text, context, this.context) });
    return id;
  }

  /** A statement of the protocol that the client made, as far as it is known now. */
  statementNamed(name: string): Statement | null {
    const found = this.statements.get(name, this.segment);
    return found === "unsettled" ? null : found;
  }

  /** What ran since the last Sync is a transaction of its own. */
  #statusNow(): number {
    const implicit = this.executedUnsynced && this.status === transactionStatus.idle;
    return implicit ? transactionStatus.open : this.status;
  }

  lookup(ask: number, relations: readonly string[]): number {
    const id = this.core.out.nextId();
    this.core.out.push({ kind: "lookup", id, ask, relations });
    return id;
  }

  /**
   * Asks the target something of our own, unseen by the client; nothing else of ours may be on its way. `under`: for a statement
   * of the client, whose errors are shown to it under that plan.
   */
  own(questions: readonly OwnQuestion[], done: (work: OwnWork) => void, under: { masks: Masks } | null = null): void {
    // Inside of the client's pipeline a Sync of ours would commit what it has not finished.
    const sync = this.unsynced === 0;
    this.#work++;
    const finished = (work: OwnWork): void => {
      this.#work--;
      done(work);
      this.client.proceed();
    };
    // What sends WAL knows the simple protocol only; the rest it refuses, as it refuses a client's pipeline.
    const simple = this.replication !== null && sync && under === null ? simpleTexts(questions) : null;
    const started =
      simple === null
        ? startOwnWork(questions, this.ownName, sync, finished, under !== null)
        : startSimpleWork(simple, finished);
    this.core.out.send("target", started.bytes);
    for (const pending of started.pending) {
      if (under !== null) {
        pending.masks = under.masks;
        pending.forClient = true;
      }
      this.pending.push(pending);
    }
  }

  get working(): boolean {
    return this.#work > 0;
  }

  /** Nothing that was sent waits for its reply. */
  get settled(): boolean {
    return this.pending.length === 0;
  }

  /** After each reply: whoever waited for it goes on. */
  settle(): void {
    this.emitLocals();
    if (this.ending.pending) return;
    if (this.settled && !this.working && this.unsynced === 0 && this.context.dirty && this.client.idle) {
      if (this.status !== transactionStatus.failed) learn(this);
    }
    this.client.proceed();
  }

  /** A part of the session can no longer be judged or masked: it ends. */
  fail(text: string): void {
    this.ending.begin({ code: "internal", text });
  }

  // What happens from outside.

  resolve(id: number, resolution: Resolution): void {
    if (resolution.kind === "answer") this.client.answered(id, resolution.answer);
    else if (resolution.kind === "waiting") this.client.waits(id, resolution.waiting);
    else if (resolution.kind === "masks") this.target.lookedUp(id, resolution.masks);
    else if (resolution.kind === "done") this.target.cancelDone(id);
    else if (resolution.kind === "failed") {
      if (!this.client.failed(id, resolution.error)) this.target.lookupFailed(id, resolution.error);
    }
  }

  control(order: Order): void {
    switch (order.kind) {
      case "end":
        this.ending.begin(order.reason);
        return;
      case "notice":
        this.target.notice({ severity: "NOTICE", code: "00000", message: `hoop: ${order.text}` });
        return;
      case "rejudge":
        this.epoch++;
        return;
      case "cancel":
        this.ending.stopRunning();
        this.client.withdraw(canceledReport(this.client.waiting), "cancelled");
        return;
    }
  }

  tick(name: string): void {
    this.ending.tick(name);
    this.client.tick(name);
    this.target.tick(name);
  }
}

function canceledReport(waiting: Waiting | null): Report {
  const report = {
    severity: "ERROR",
    code: sqlState.queryCanceled,
    message: "canceling statement due to user request",
  } as const;
  return waiting?.for === "hold" ? { ...report, detail: `Review ${waiting.id} is withdrawn.` } : report;
}

export type AskPhase = "statement" | "prepare" | "execute";
export type Masks = MaskPlan | null;

/** Startup parameters that cannot change what a text means, or that the target reports. */
const harmless = new Set([
  ...["user", "database", "application_name", "client_encoding", "datestyle", "timezone", "extra_float_digits"],
  ...["geqo", "intervalstyle", "replication", "statement_timeout", "standard_conforming_strings"],
]);

function mayChangeContext(parameters: ReadonlyMap<string, string>): boolean {
  return [...parameters.keys()].some((name) => !harmless.has(name.toLowerCase()));
}
