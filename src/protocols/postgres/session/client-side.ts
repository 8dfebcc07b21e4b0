import type { Answer } from "../../../protocol/index.js";
import { HoopError } from "../../../vocabulary/index.js";
import { type ClippedReader, MalformedError } from "../../../wire/index.js";
import { type FrameFate, type FrameHandler, FrameWalker } from "../codec/frames.js";
import {
  body,
  encodeDescribe,
  readBind,
  readExecute,
  readFunctionCall,
  readName,
  readParse,
  readQuery,
} from "../codec/frontend.js";
import { frontend, transactionStatus, typeName } from "../codec/types.js";
import { denialReport, type Report, sqlState } from "../errors.js";
import type { ColumnOrigin, Portal, Statement } from "../statements.js";
import { copyColumns, copyQuestion } from "../copy/copy-columns.js";
import { type SqlFacts, sqlFacts } from "./context.js";
import type { AskPhase, Conversation } from "./conversation.js";
import { learn } from "./learn.js";
import { Pending } from "./pending.js";

/** Names and statement texts that one session may keep. */
const maxNames = 100_000;
const maxKeptBytes = 256 * 1024 * 1024;

/** A message that has to be judged before it may go on, with what it takes to judge it. */
type Held = {
  /** The very bytes to forward. */
  readonly frame: Buffer;
  /** 0 while it waits for something else than its answer. */
  ask: number;
} & (
  | { readonly kind: "query"; readonly text: string; columns: readonly ColumnOrigin[] | null }
  | { readonly kind: "parse"; readonly statement: Statement }
  | {
      readonly kind: "bind";
      readonly portal: string;
      readonly name: string;
      readonly values: readonly (Buffer | null)[];
      statement: Statement | null;
      columns: readonly ColumnOrigin[] | null;
    }
  | { readonly kind: "execute"; readonly name: string; portal: Portal | null; verified: boolean }
  | { readonly kind: "function"; readonly text: string; readonly values: readonly (Buffer | null)[] }
  /** Waits for a COPY before it, then is looked at again. */
  | { readonly kind: "later"; readonly type: number }
);

/** The client's messages, in order: judged where they run something, held back while they wait, then forwarded as they came. */
export class ClientSide implements FrameHandler {
  readonly #conversation: Conversation;
  readonly #walker: FrameWalker;
  #queue: Buffer[] = [];
  #queued = 0;
  #paused = false;
  #held: Held | null = null;
  #running = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#walker = new FrameWalker(conversation.core.init.limits.maxFrame);
  }

  /** Nothing of the client waits here. */
  get idle(): boolean {
    return this.#held === null && this.#queued === 0 && this.#walker.held === 0;
  }

  receive(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    this.#run();
  }

  /** Goes on with what waits, as far as it can. */
  proceed(): void {
    const held = this.#held;
    if (held !== null && held.ask === 0) this.#advance(held);
    this.#run();
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
    return this.#held !== null || this.#conversation.core.ended || this.#conversation.ending;
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
    if (type === frontend.terminate) return conversation.terminated();
    if (conversation.discarding && type !== frontend.sync) return;
    const { copy } = conversation;
    if (copy !== null) {
      if (type === frontend.flush) return copy.wanted ? undefined : conversation.toTarget(frame, null);
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
      this.#held = { kind: "later", type, frame, ask: 0 };
      return;
    }
    const reader = body(frame, 0, frame.length);
    switch (type) {
      case frontend.query:
        return this.#query(frame, reader);
      case frontend.parse:
        return this.#parse(frame, reader);
      case frontend.bind: {
        const bind = readBind(reader);
        return this.#hold({ kind: "bind", frame, ask: 0, portal: bind.portal, name: bind.statement, values: bind.values, statement: null, columns: null });
      }
      case frontend.execute: {
        const { portal } = readExecute(reader);
        return this.#hold({ kind: "execute", frame, ask: 0, name: portal, portal: null, verified: false });
      }
      case frontend.functionCall: {
        const { oid, values } = readFunctionCall(reader);
        // Not SQL on purpose: nobody can say what it does, so only a rule that allows the unknown lets it pass.
        return this.#hold({ kind: "function", frame, ask: 0, text: `FunctionCall ${oid}`, values });
      }
      case frontend.describe: {
        readName(reader);
        return conversation.pipelined(frame, new Pending("describe"));
      }
      case frontend.close:
        return this.#close(frame, reader);
      case frontend.flush:
        conversation.flushed = true;
        return conversation.toTarget(frame, null);
      case frontend.sync:
        conversation.discarding = false;
        return conversation.turnEnds(frame, new Pending("sync"));
    }
  }

  #close(frame: Buffer, reader: ClippedReader): void {
    const conversation = this.#conversation;
    const { kind, name } = readName(reader);
    const pending = new Pending("close");
    pending.closes = { kind, name };
    const names = kind === "statement" ? conversation.statements : conversation.portals;
    names.propose(name, null, conversation.segment);
    conversation.pipelined(frame, pending);
  }

  #decode(bytes: Buffer, message: "pipelined" | "turn"): string | null {
    try {
      return this.#conversation.context.codec.decode(bytes);
    } catch (error) {
      if (!(error instanceof HoopError)) throw error;
      this.#conversation.refuse(
        { severity: "ERROR", code: sqlState.characterNotInRepertoire, message: `hoop: ${error.message}` },
        message,
      );
      return null;
    }
  }

  #query(frame: Buffer, reader: ClippedReader): void {
    const text = this.#decode(readQuery(reader), "turn");
    if (text !== null) this.#hold({ kind: "query", frame, ask: 0, text, columns: null });
  }

  #parse(frame: Buffer, reader: ClippedReader): void {
    const conversation = this.#conversation;
    const { statement: name, text: bytes } = readParse(reader);
    if (name === conversation.ownName) throw new MalformedError("the gateway's own statement name");
    const text = this.#decode(bytes, "pipelined");
    if (text === null) return;
    if (conversation.statements.size >= maxNames || conversation.kept + bytes.length > maxKeptBytes) {
      const message = "hoop: too many prepared statements in this session";
      return conversation.refuse(
        { severity: "ERROR", code: sqlState.programLimitExceeded, message, hint: "Close some, or use DEALLOCATE." },
        "pipelined",
      );
    }
    this.#hold({ kind: "parse", frame, ask: 0, statement: { name, text, size: bytes.length } });
  }

  #hold(held: Held): void {
    this.#held = held;
    this.#advance(held);
  }

  // What a held message waits for, one thing after the other.

  #advance(held: Held): void {
    const conversation = this.#conversation;
    if (conversation.ending || conversation.core.ended) return;
    if (held.kind === "later") {
      if (conversation.copy !== null && !conversation.copy.wanted) return;
      this.#held = null;
      return this.#dispatch(held.type, held.frame);
    }
    if (conversation.working) return;
    if (held.kind === "execute" && !this.#needsAnswer(held)) return;
    if (this.#contextUnknown()) return;
    const message = held.kind === "query" || held.kind === "function" ? "turn" : "pipelined";
    const unreadable = conversation.context.unreadable();
    if (unreadable !== null) {
      return this.#refuse({
        severity: "ERROR",
        code: sqlState.featureNotSupported,
        message: `hoop: ${unreadable}`,
        hint: "Connect anew and leave that setting alone.",
      });
    }
    if (held.kind === "bind" && !this.#findStatement(held)) return;
    const text = textOf(held);
    if (/execute/i.test(text) && conversation.statements.unsettled && this.#waitForTarget()) return;
    if (message === "turn" && conversation.context.revertible && endsTransactionAndGoesOn(text)) {
      return this.#refuse({
        severity: "ERROR",
        code: sqlState.featureNotSupported,
        message: "hoop: the end of a transaction that changed session settings must be a query of its own",
        hint: "Send COMMIT or ROLLBACK alone, then the next statement.",
      });
    }
    held.ask = conversation.ask(text, phaseOf(held), valuesOf(held), held.frame.length);
  }

  /** Sees to it that the settings which texts depend on are known; true: wait. */
  #contextUnknown(): boolean {
    const conversation = this.#conversation;
    if (!conversation.context.dirty) return false;
    if (this.#waitForTarget()) return true;
    // In a failed transaction the target refuses all but its end.
    if (conversation.unsynced === 0 && conversation.status === transactionStatus.failed) return false;
    learn(conversation);
    return true;
  }

  /** True: replies are on their way, we are called again after each. */
  #waitForTarget(): boolean {
    const conversation = this.#conversation;
    if (conversation.settled) return false;
    if (conversation.unsynced > 0) conversation.flush();
    return true;
  }

  /** False: it waits, or was refused. */
  #findStatement(held: Extract<Held, { kind: "bind" }>): boolean {
    const conversation = this.#conversation;
    const found = conversation.statements.get(held.name, conversation.segment);
    if (found === "unsettled") {
      if (this.#waitForTarget()) return false;
      throw new Error("a statement name is unsettled and nothing is on its way");
    }
    if (found.value === null) {
      this.#refuse({
        severity: "ERROR",
        code: "26000",
        message: `prepared statement "${held.name}" does not exist`,
        hint: "Through hoop, Bind can use what Parse of the same session made; use EXECUTE for what PREPARE made.",
      });
      return false;
    }
    held.statement = found.value;
    return true;
  }

  /** For Execute: false when it went out under the answer to its Bind, waits, or was refused; true: ask again. */
  #needsAnswer(held: Extract<Held, { kind: "execute" }>): boolean {
    const conversation = this.#conversation;
    const found = conversation.portals.get(held.name, conversation.segment);
    if (found === "unsettled") {
      if (this.#waitForTarget()) return false;
      throw new Error("a portal name is unsettled and nothing is on its way");
    }
    const portal = found.value;
    if (portal === null) {
      this.#refuse({ severity: "ERROR", code: sqlState.invalidCursorName, message: `portal "${held.name}" does not exist` });
      return false;
    }
    held.portal = portal;
    // SQL may have closed the name and declared a cursor under it since.
    if (held.name !== "" && portal.turn !== conversation.turn && !held.verified) {
      this.#verify(held, portal);
      return false;
    }
    if (portal.epoch !== conversation.epoch) return true;
    this.#held = null;
    this.#execute(held.frame, portal);
    return false;
  }

  #verify(held: Extract<Held, { kind: "execute" }>, portal: Portal): void {
    const conversation = this.#conversation;
    if (this.#waitForTarget()) return;
    const text = "SELECT statement FROM pg_catalog.pg_cursors WHERE name = $1";
    conversation.own([{ text, values: [Buffer.from(held.name, "latin1")] }], (work) => {
      if (this.#held !== held) return;
      if (work.failure !== null && conversation.unsynced > 0) return this.pipelineFailed(work.failure.frame);
      const row = work.answers[0]!.rows[0]?.[0];
      if (row != null && conversation.context.codec.decodeLoosely(row) === portal.statement.text) {
        held.verified = true;
        portal.turn = conversation.turn;
        return;
      }
      conversation.portals.forget(held.name);
      this.#refuse({ severity: "ERROR", code: sqlState.invalidCursorName, message: `portal "${held.name}" does not exist` });
    });
  }

  /** The target failed something of this pipeline and discards up to Sync: what is held back is part of that. */
  discarded(): void {
    const held = this.#held;
    if (held === null || held.kind === "later") return;
    if (held.ask > 0) this.#conversation.core.out.push({ kind: "withdraw", id: held.ask });
    this.#held = null;
  }

  /** A question of ours failed inside of the client's pipeline: the target discards up to Sync, and so do we. */
  pipelineFailed(frame: Buffer | null): void {
    const conversation = this.#conversation;
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    if (frame === null) return;
    if (conversation.unsynced === 0) {
      const pending = new Pending(held.kind === "query" || held.kind === "function" ? "refused-query" : "refusal");
      pending.refusal = Buffer.from(frame);
      if (pending.kind === "refusal") conversation.discarding = true;
      conversation.pending.push(pending);
      return conversation.emitLocals();
    }
    conversation.target.toClient(Buffer.from(frame));
    if (held.kind === "query" || held.kind === "function") conversation.sync();
    else conversation.discarding = true;
  }

  // Answers.

  answered(id: number, answer: Answer): void {
    const held = this.#held;
    // Withdrawn meanwhile: nobody waits for it any more.
    if (held === null || held.ask !== id) return;
    if (answer.outcome === "deny") {
      this.#refuse(denialReport(answer.reasons));
    } else this.#allowed(held, answer);
    this.#run();
  }

  /** The gate could not answer: as a denial. */
  failed(id: number, error: HoopError): boolean {
    if (this.#held === null || this.#held.ask !== id) return false;
    this.#refuse({ severity: "ERROR", code: sqlState.internalError, message: `hoop: ${error.message}`, hint: error.hint });
    this.#run();
    return true;
  }

  /** Nobody waits for the open ask any more; with a report the client is told so in its place. */
  withdraw(report: Report | null): void {
    const held = this.#held;
    if (held === null || held.ask === 0) return;
    this.#conversation.core.out.push({ kind: "withdraw", id: held.ask });
    if (report === null) held.ask = -1;
    else {
      this.#refuse(report);
      this.#run();
    }
  }

  #refuse(report: Report): void {
    const held = this.#held!;
    this.#held = null;
    this.#conversation.refuse(report, held.kind === "query" || held.kind === "function" ? "turn" : "pipelined");
  }

  #allowed(held: Held, answer: Extract<Answer, { outcome: "allow" }>): void {
    const conversation = this.#conversation;
    const facts = sqlFacts(answer.analysis);
    if ((held.kind === "query" || held.kind === "bind") && answer.masks !== null && held.columns === null) {
      const asked = this.#askCopyColumns(held, answer, facts.copyQuery);
      if (asked) return;
    }
    this.#held = null;
    switch (held.kind) {
      case "query":
        return this.#sendQuery(held, answer, facts);
      case "function": {
        const pending = new Pending("function");
        pending.ask = held.ask;
        pending.masks = answer.masks;
        this.#ran(held.text, facts);
        return conversation.turnEnds(held.frame, pending);
      }
      case "parse": {
        const pending = new Pending("parse");
        pending.ask = held.ask;
        pending.masks = answer.masks;
        pending.statement = held.statement;
        conversation.kept += held.statement.size;
        conversation.statements.propose(held.statement.name, held.statement, conversation.segment);
        return conversation.pipelined(held.frame, pending);
      }
      case "bind":
        return this.#sendBind(held, answer, facts);
      case "execute": {
        const portal = held.portal!;
        portal.ask = held.ask;
        portal.masks = answer.masks;
        portal.masker = undefined;
        portal.epoch = conversation.epoch;
        if (portal.masks === null) portal.masker = null;
        else this.#describe(portal);
        return this.#execute(held.frame, portal);
      }
    }
  }

  #ran(text: string, facts: Pick<SqlFacts, "changesContext">): void {
    this.#conversation.turn++;
    this.#conversation.context.ran(text, facts.changesContext);
  }

  #sendQuery(held: Extract<Held, { kind: "query" }>, answer: Extract<Answer, { outcome: "allow" }>, facts: SqlFacts): void {
    const conversation = this.#conversation;
    const pending = new Pending("query");
    pending.ask = held.ask;
    pending.masks = answer.masks;
    pending.masker = answer.masks === null ? null : undefined;
    pending.copyText = held.text;
    pending.copyColumns = held.columns;
    this.#ran(held.text, facts);
    conversation.turnEnds(held.frame, pending);
    // A simple query ends what was left of the unnamed ones.
    conversation.portals.forget("");
    this.#mayCopy(pending, held.text);
  }

  #sendBind(held: Extract<Held, { kind: "bind" }>, answer: Extract<Answer, { outcome: "allow" }>, facts: SqlFacts): void {
    const conversation = this.#conversation;
    const portal: Portal = {
      name: held.portal,
      statement: held.statement!,
      values: held.values,
      bytes: held.frame.length,
      changesContext: facts.changesContext,
      copyColumns: held.columns,
      ask: held.ask,
      masks: answer.masks,
      epoch: conversation.epoch,
      fields: null,
      masker: answer.masks === null ? null : undefined,
      turn: conversation.turn,
    };
    const pending = new Pending("bind");
    pending.ask = held.ask;
    pending.masks = answer.masks;
    pending.portal = portal;
    conversation.portals.propose(held.portal, portal, conversation.segment);
    conversation.pipelined(held.frame, pending);
    // Planning may run functions.
    if (facts.changesContext) this.#ran(portal.statement.text, facts);
    portal.turn = conversation.turn;
    // The client may execute without ever asking for the columns.
    if (answer.masks !== null) this.#describe(portal);
  }

  #describe(portal: Portal): void {
    const pending = new Pending("describe", true);
    pending.portal = portal;
    pending.masks = portal.masks;
    pending.ask = portal.ask;
    this.#conversation.pipelined(encodeDescribe("portal", portal.name), pending);
  }

  #execute(frame: Buffer, portal: Portal): void {
    const conversation = this.#conversation;
    const pending = new Pending("execute");
    pending.ask = portal.ask;
    pending.masks = portal.masks;
    pending.portal = portal;
    pending.copyText = portal.statement.text;
    pending.copyColumns = portal.copyColumns;
    conversation.executedUnsynced = true;
    conversation.pipelined(frame, pending);
    const others = conversation.turn !== portal.turn;
    this.#ran(portal.statement.text, portal);
    // Its own runs do not make it stale.
    if (!others) portal.turn = conversation.turn;
    this.#mayCopy(pending, portal.statement.text);
  }

  #mayCopy(pending: Pending, text: string): void {
    if (!this.#conversation.replication && !/\bcopy\b/i.test(text)) return;
    this.#conversation.copy = { pending, wanted: false, sent: false, heldSync: false };
  }

  /**
   * A COPY does not say where its columns come from and what type they are: a Describe of its query, or the catalogue for
   * a table, does. True: asked, `#allowed` is called again.
   */
  #askCopyColumns(
    held: Extract<Held, { kind: "query" | "bind" }>,
    answer: Extract<Answer, { outcome: "allow" }>,
    query: string | null,
  ): boolean {
    const conversation = this.#conversation;
    const { masks } = answer;
    const question = masks === null ? null : copyQuestion(query, masks, conversation.context.codec);
    if (question === null) return false;
    conversation.own([question], (work) => {
      if (this.#held !== held) return;
      if (work.failure !== null && conversation.unsynced > 0) return this.pipelineFailed(work.failure.frame);
      // What could not be learned is masked as of unknown origin.
      held.columns = work.failure === null ? copyColumns(work.answers[0]!, masks!) : [];
      this.#allowed(held, answer);
    });
    return true;
  }
}

function textOf(held: Exclude<Held, { kind: "later" }>): string {
  switch (held.kind) {
    case "query":
    case "function":
      return held.text;
    case "parse":
      return held.statement.text;
    case "bind":
      return held.statement!.text;
    case "execute":
      return held.portal!.statement.text;
  }
}

function phaseOf(held: Held): AskPhase {
  if (held.kind === "parse") return "prepare";
  return held.kind === "bind" || held.kind === "execute" ? "execute" : "statement";
}

function valuesOf(held: Held): readonly (Buffer | null)[] | null {
  if (held.kind === "bind" || held.kind === "function") return held.values;
  return held.kind === "execute" ? held.portal!.values : null;
}

/** A text of several statements one of which may end the transaction. */
function endsTransactionAndGoesOn(text: string): boolean {
  return /;\s*\S/.test(text) && /\b(?:rollback|abort|commit|end|prepare)\b/i.test(text);
}
