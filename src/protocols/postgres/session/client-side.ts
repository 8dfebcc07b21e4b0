import type { Answer, Waiting, WithdrawReason } from "../../../protocol/index.js";
import type { HoopError } from "../../../vocabulary/index.js";
import { type ClippedReader, MalformedError } from "../../../wire/index.js";
import { type FrameFate, type FrameHandler, FrameWalker } from "../codec/frames.js";
import { body, readBind, readExecute, readFunctionCall, readName, readParse, readQuery } from "../codec/frontend.js";
import { frontend, typeName } from "../codec/types.js";
import { type Report, sqlState } from "../errors.js";
import { ambiguousName } from "./ambiguous-name.js";
import type { Conversation } from "./conversation.js";
import { Forwarder } from "./forwarder.js";
import { Judging } from "./judging.js";
import { Pending } from "./pending.js";

/** Messages on their way to the target; more wait. */
const maxPending = 16_384;

/** The client's messages, in order: judged where they run something, held back while they wait, then forwarded as they came. */
export class ClientSide implements FrameHandler {
  readonly #conversation: Conversation;
  readonly #walker: FrameWalker;
  readonly #forwarder: Forwarder;
  readonly #judging: Judging;
  #queue: Buffer[] = [];
  #queued = 0;
  #paused = false;
  #running = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#walker = new FrameWalker(conversation.core.init.limits.maxFrame);
    this.#forwarder = new Forwarder(conversation);
    this.#judging = new Judging(conversation, this.#forwarder, (type, frame) => this.#dispatch(type, frame));
  }

  /** Nothing of the client waits here. */
  get idle(): boolean {
    return !this.#judging.holding && this.#queued === 0 && this.#walker.held === 0;
  }

  receive(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    this.#run();
  }

  /** Goes on with what waits, as far as it can. */
  proceed(): void {
    this.#judging.proceed();
    this.#run();
  }

  answered(id: number, answer: Answer): void {
    this.#judging.answered(id, answer);
    this.#run();
  }

  failed(id: number, error: HoopError): boolean {
    const ours = this.#judging.failed(id, error);
    this.#run();
    return ours;
  }

  withdraw(report: Report | null, why: WithdrawReason): void {
    this.#judging.withdraw(report, why);
    if (report !== null) this.#run();
  }

  waits(id: number, waiting: Waiting): void {
    this.#judging.told(id, waiting);
  }

  tick(name: string): void {
    this.#judging.tick(name);
  }

  /** What people are asked about what is held back now; null: nothing. */
  get waiting(): Waiting | null {
    return this.#judging.waiting;
  }

  discarded(): void {
    this.#judging.discarded();
  }

  pipelineFailed(frame: Buffer | null): void {
    this.#judging.pipelineFailed(frame);
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#queue.length > 0 && !this.blocked()) {
        const chunk = this.#queue.shift()!;
        this.#queued -= chunk.length;
        const rest = this.#walker.walk(chunk, this);
        if (rest !== null) {
          this.#queue.unshift(rest);
          this.#queued += rest.length;
        }
      }
    } finally {
      this.#running = false;
    }
    // Without it the target would keep its replies, and we the client's messages, until a Sync that stands behind them.
    if (this.#conversation.pending.length >= maxPending) this.#conversation.flush();
    this.#flow();
  }

  #flow(): void {
    const { core } = this.#conversation;
    if (core.ended) return;
    const { maxQueued } = core.init.limits;
    if (!this.#paused && this.#queued > maxQueued) this.#paused = true;
    else if (this.#paused && this.#queued <= maxQueued / 2) this.#paused = false;
    else return;
    core.out.push({ kind: "flow", side: "client", flow: this.#paused ? "pause" : "resume" });
  }

  // The frames.

  blocked(): boolean {
    const { core, ending, pending } = this.#conversation;
    return this.#judging.holding || pending.length >= maxPending || core.ended || ending.pending;
  }

  pass(bytes: Buffer): void {
    this.#conversation.core.out.send("target", bytes);
  }

  after(): void {}

  fate(type: number, length: number): FrameFate {
    const { discarding, copy, core } = this.#conversation;
    switch (type) {
      case frontend.copyData:
        if (discarding || copy === null) return "skip";
        copy.sent ||= copy.wanted;
        return "stream";
      case frontend.copyDone:
      case frontend.copyFail:
        if (discarding || copy === null) return "skip";
        this.#copyEnds();
        return "stream";
      case frontend.sync:
      case frontend.terminate:
        return "take";
      case frontend.query:
      case frontend.parse:
      case frontend.bind:
      case frontend.functionCall:
        if (discarding) return "skip";
        if (length > core.init.limits.maxFrame) return this.#tooLong(type, length);
        return "take";
      case frontend.describe:
      case frontend.execute:
      case frontend.close:
      case frontend.flush:
        return discarding ? "skip" : "take";
      default:
        throw new MalformedError(`invalid frontend message type ${typeName(type)}`);
    }
  }

  #copyEnds(): void {
    const { copy } = this.#conversation;
    if (copy === null) return;
    copy.wanted = false;
    // The target read and ignored, in copy mode, the Sync that we kept back.
    copy.heldSync = false;
    if (copy.pending.kind === "execute") this.#conversation.copy = null;
  }

  #tooLong(type: number, length: number): FrameFate {
    const conversation = this.#conversation;
    if (conversation.copy !== null) throw new MalformedError(`message ${typeName(type)} in the middle of COPY`);
    conversation.refuse(
      {
        severity: "ERROR",
        code: sqlState.programLimitExceeded,
        message: `hoop: a message of ${length} bytes is longer than this gateway reads (${conversation.core.init.limits.maxFrame})`,
        hint: "Send large data with COPY, or ask for a larger limit.",
      },
      type === frontend.query || type === frontend.functionCall ? "turn" : "pipelined",
    );
    return "skip";
  }

  frame(type: number, bytes: Buffer, at: number, length: number): boolean {
    this.#dispatch(type, bytes.subarray(at, at + length));
    return false;
  }

  #dispatch(type: number, frame: Buffer): void {
    const conversation = this.#conversation;
    if (type === frontend.terminate) {
      conversation.ending.terminated();
      return;
    }
    if (conversation.discarding && type !== frontend.sync) return;
    const { copy } = conversation;
    if (copy !== null) {
      if (type === frontend.flush) {
        if (!copy.wanted) conversation.toTarget(frame, null);
        return;
      }
      if (type === frontend.sync && copy.pending.kind === "execute") {
        if (!copy.wanted) {
          copy.heldSync = true;
          conversation.flush();
        }
        return;
      }
      // PostgreSQL ignores these two while it reads copy data.
      if (type === frontend.sync && copy.wanted) return;
      if (copy.wanted) throw new MalformedError(`message ${typeName(type)} in the middle of COPY`);
      conversation.flush();
      this.#judging.hold({ kind: "later", type, frame, ask: 0 });
      return;
    }
    const reader = body(frame, 0, frame.length);
    switch (type) {
      case frontend.query:
        this.#query(frame, reader);
        return;
      case frontend.parse:
        this.#parse(frame, reader);
        return;
      case frontend.bind: {
        const bind = readBind(reader);
        if (this.#misnamed(bind.portal, bind.statement)) return;
        if (bind.portal !== "" && this.#forwarder.portalsFull(frame)) {
          conversation.refuse(tooMany("open portals"), "pipelined");
          return;
        }
        this.#judging.hold({
          kind: "bind",
          frame,
          ask: 0,
          portal: bind.portal,
          name: bind.statement,
          formats: bind.formats,
          values: bind.values,
          statement: null,
          columns: null,
        });
        return;
      }
      case frontend.execute: {
        const { portal } = readExecute(reader);
        if (this.#misnamed(portal)) return;
        this.#judging.hold({ kind: "execute", frame, ask: 0, name: portal, portal: null, verified: false });
        return;
      }
      case frontend.functionCall: {
        const { oid, formats, values } = readFunctionCall(reader);
        // Not SQL on purpose: nobody can say what it does, so only a rule that allows the unknown lets it pass.
        this.#judging.hold({ kind: "function", frame, ask: 0, text: `FunctionCall ${oid}`, formats, values });
        return;
      }
      case frontend.describe: {
        const { kind, name } = readName(reader);
        if (this.#misnamed(name)) return;
        const pending = new Pending("describe");
        if (kind === "statement") pending.describes = conversation.statementNamed(name);
        conversation.pipelined(frame, pending);
        return;
      }
      case frontend.close:
        this.#close(frame, reader);
        return;
      case frontend.flush:
        conversation.flushed = true;
        conversation.toTarget(frame, null);
        return;
      case frontend.sync:
        conversation.discarding = false;
        conversation.turnEnds(frame, new Pending("sync"));
        return;
    }
  }

  /** True: refused, as a name in it may mean something else to the target. */
  #misnamed(...names: readonly string[]): boolean {
    const report = ambiguousName(...names);
    if (report !== null) this.#conversation.refuse(report, "pipelined");
    return report !== null;
  }

  #close(frame: Buffer, reader: ClippedReader): void {
    const conversation = this.#conversation;
    const { kind, name } = readName(reader);
    if (this.#misnamed(name)) return;
    const pending = new Pending("close");
    pending.closes = { kind, name };
    const names = kind === "statement" ? conversation.statements : conversation.portals;
    names.propose(name, null, conversation.segment);
    conversation.pipelined(frame, pending);
  }

  #query(frame: Buffer, reader: ClippedReader): void {
    this.#judging.hold({ kind: "query", frame, ask: 0, raw: readQuery(reader), text: "", columns: null });
  }

  #parse(frame: Buffer, reader: ClippedReader): void {
    const conversation = this.#conversation;
    const { statement: name, text: raw, types } = readParse(reader);
    if (this.#misnamed(name)) return;
    if (name === conversation.ownName) throw new MalformedError("the gateway's own statement name");
    if (this.#forwarder.statementsFull(raw.length + types.length)) {
      conversation.refuse(tooMany("prepared statements"), "pipelined");
      return;
    }
    this.#judging.hold({ kind: "parse", frame, ask: 0, name, raw, types, statement: null });
  }
}

function tooMany(what: string): Report {
  const message = `hoop: too many ${what} in this session`;
  return { severity: "ERROR", code: sqlState.programLimitExceeded, message, hint: "Close some of them first." };
}
