import type { HoopError, MaskPlan } from "../../../vocabulary/index.js";
import { MalformedError } from "../../../wire/index.js";
import { type FrameFate, type FrameHandler, FrameWalker } from "../codec/frames.js";
import { body } from "../codec/frontend.js";
import { backend, transactionStatus } from "../codec/types.js";
import { encodeOwnReport, type Report } from "../errors.js";
import type { Statement } from "../statements.js";
import { ClientStream } from "./client-stream.js";
import type { Conversation } from "./conversation.js";
import { copySettled } from "./copies.js";
import { frameFate, unexpected } from "./frame-fate.js";
import { isDone, keepOwnRow } from "./own-work.js";
import type { Pending } from "./pending.js";
import { Replies } from "./replies.js";
import { ReplyStop } from "./reply-stop.js";
import { ResultColumns } from "./result-columns.js";
import { TargetErrors } from "./target-errors.js";
import { TargetText } from "./target-text.js";

/** The target's messages, in order: given to the message they answer, masked where its plan says so, and passed on. */
export class TargetSide implements FrameHandler {
  readonly #conversation: Conversation;
  readonly #walker: FrameWalker;
  readonly #stream: ClientStream;
  readonly #stop: ReplyStop;
  readonly #columns: ResultColumns;
  readonly #text: TargetText;
  readonly #replies: Replies;
  readonly #errors: TargetErrors;
  #queue: Buffer[] = [];
  #notices: Report[] = [];
  #paused = false;
  #running = false;

  constructor(conversation: Conversation) {
    const { core } = conversation;
    this.#conversation = conversation;
    this.#walker = new FrameWalker(core.init.limits.maxFrame);
    const stream = new ClientStream(core, conversation.notes.detected.effort);
    const stop = new ReplyStop(conversation);
    const text = new TargetText(conversation, () => stream.breather.begins());
    this.#stream = stream;
    this.#stop = stop;
    this.#columns = new ResultColumns(conversation);
    this.#text = text;
    this.#replies = new Replies(conversation, stream, stop, this.#columns, text);
    this.#errors = new TargetErrors(conversation, stream, stop, text);
  }

  /** Whether the client's stream stands between two messages. */
  get atBoundary(): boolean {
    return this.#walker.atBoundary;
  }

  /** The target's own last words, when it ends the session. */
  get lastFatal(): string | null {
    return this.#errors.lastFatal;
  }

  receive(chunk: Buffer): void {
    if (chunk.length > 0) this.#queue.push(chunk);
    this.#run();
  }

  #run(): void {
    // A lookup answered from within would walk the frames behind it first.
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#queue.length > 0 && !this.blocked()) {
        const rest = this.#walker.walk(this.#queue.shift()!, this);
        this.#stream.flush();
        if (rest !== null) this.#queue.unshift(rest);
      }
    } finally {
      this.#running = false;
    }
    const { core } = this.#conversation;
    this.#stop.cancel();
    const pause = this.#waits;
    if (pause !== this.#paused && !core.ended) {
      this.#paused = pause;
      core.out.push({ kind: "flow", side: "target", flow: pause ? "pause" : "resume" });
    }
    if (this.#conversation.ending.pending) this.#conversation.ending.boundary();
  }

  tick(name: string): void {
    if (this.#stream.breather.tick(name)) this.#run();
  }

  /** The target is gone: what it has sent is looked at to its end. */
  finish(): void {
    const { breather } = this.#stream;
    while (breather.resting && !this.#conversation.core.ended) {
      breather.goOn();
      this.#run();
    }
    this.flushRows();
  }

  /** Bytes for the client behind what was rewritten so far. */
  toClient(bytes: Buffer): void {
    this.#stream.send(bytes);
  }

  flushRows(): void {
    this.#stream.flush();
  }

  notice(report: Report): void {
    if (!this.atBoundary) {
      this.#notices.push(report);
      return;
    }
    this.toClient(encodeOwnReport(report));
  }

  // What was waited for.

  cancelDone(id: number): void {
    if (this.#stop.cancelDone(id)) this.#run();
  }

  lookedUp(id: number, masks: MaskPlan | null): void {
    if (this.#columns.lookedUp(id, masks)) this.#run();
  }

  lookupFailed(id: number, error: HoopError): void {
    if (!this.#columns.waitsFor(id)) return;
    this.#conversation.fail(`the origin of a result could not be looked up, so it cannot be masked: ${error.message}`);
  }

  // The frames.

  get #waits(): boolean {
    return this.#columns.waits || this.#stop.waits || this.#stream.breather.resting;
  }

  blocked(): boolean {
    const { core, ending } = this.#conversation;
    return this.#waits || core.ended || ending.pending;
  }

  pass(bytes: Buffer): void {
    this.toClient(bytes);
  }

  after(): void {
    if (this.#notices.length > 0) for (const report of this.#notices.splice(0)) this.toClient(encodeOwnReport(report));
    this.#conversation.settle();
  }

  fate(type: number, length: number): FrameFate {
    const head = this.#conversation.pending.head;
    const { stopped } = this.#stop;
    if (stopped !== null && head !== undefined && !head.own) {
      const fate = stopped.fate(type);
      if (fate !== null) return fate;
    }
    return frameFate(type, length, head, this.#stop, this.#text);
  }

  frame(type: number, bytes: Buffer, at: number, length: number): boolean {
    const conversation = this.#conversation;
    const head = conversation.pending.head;
    switch (type) {
      case backend.dataRow:
        this.#row(head!, bytes, at, length);
        return false;
      case backend.copyData:
        this.#stream.copyRow(head!, bytes, at, length);
        return false;
      case backend.copyDone:
        head!.copyMasker!.done();
        this.toClient(bytes.subarray(at, at + length));
        return false;
      case backend.errorResponse:
        this.#errors.told(head, bytes.subarray(at, at + length));
        conversation.settle();
        return false;
      case backend.readyForQuery:
        this.#ready(bytes, at, length);
        return false;
      case backend.noticeResponse:
        this.toClient(this.#text.notice(head, bytes.subarray(at, at + length)));
        return false;
      case backend.notificationResponse:
        this.toClient(this.#text.notification(head, bytes.subarray(at, at + length)));
        return false;
      case backend.parameterStatus:
        this.#parameter(bytes, at, length);
        return false;
      case backend.functionCallResponse:
        this.toClient(this.#text.functionResult(head!, bytes.subarray(at, at + length)));
        return false;
      case backend.parameterDescription:
        if (head?.describes != null) parametersTold(head.describes, bytes.subarray(at, at + length));
        return false;
      default: {
        const { stopped } = this.#stop;
        if (stopped === null || head!.own) return this.#replies.answer(type, head!, bytes, at, length);
        this.#replies.behindStop(stopped, type, head!, bytes, at, length);
        return false;
      }
    }
  }

  #row(head: Pending, bytes: Buffer, at: number, length: number): void {
    if (head.own) {
      if (head.work === null) throw unexpected(backend.dataRow);
      keepOwnRow(head.work, body(bytes, at, length));
      return;
    }
    const { masker, reader } = head.portal ?? head;
    if (head.meter !== null && reader != null) {
      if (!reader.read(bytes, at, length)) return this.#stop.stop(head);
      if (!this.#stop.passes(head, length)) return;
      head.rows++;
    }
    if (masker === null) this.toClient(bytes.subarray(at, at + length));
    else this.#stream.row(head, masker!, bytes, at, length);
  }

  #ready(bytes: Buffer, at: number, length: number): void {
    const conversation = this.#conversation;
    if (length !== 6) throw new MalformedError("ReadyForQuery of a wrong length");
    const head = conversation.pending.head;
    if (head === undefined || !head.endsTurn) throw unexpected(backend.readyForQuery);
    const unsaid = this.#stop.turnEnds(head);
    if (unsaid !== null) this.toClient(unsaid);
    conversation.status = bytes[at + 5]!;
    conversation.context.turned(conversation.status);
    conversation.pending.pop();
    this.#text.remember(head);
    if (conversation.status === transactionStatus.idle) {
      // All portals end with their transaction.
      conversation.portals.forgetAll();
      this.#text.transactionEnded();
    }
    if (head.own) {
      if (head.work !== null) {
        if (head.endsQuestion) head.work.at++;
        if (isDone(conversation.pending, head.work)) head.work.done(head.work);
      }
    } else {
      conversation.notes.defined();
      conversation.notes.note(head, head.error === undefined ? "ok" : "error");
      this.toClient(bytes.subarray(at, at + length));
      copySettled(conversation, head);
    }
    this.after();
  }

  #parameter(bytes: Buffer, at: number, length: number): void {
    const reader = body(bytes, at, length);
    const name = reader.cstring();
    const value = reader.cstring();
    this.#conversation.context.parameter(name, value);
    const shown = this.#text.parameter(name, value, bytes.subarray(at, at + length));
    if (shown !== null) this.toClient(shown);
  }
}

/** Each parameter is named in the text or has a type given with it: more would be kept than the session may keep of its statements. */
function parametersTold(statement: Statement, frame: Buffer): void {
  // Behind the type and the length of the message, and the number of parameters.
  const types = frame.subarray(7);
  if (types.length > 4 * statement.size) throw unexpected(backend.parameterDescription);
  statement.parameters = Buffer.from(types);
}
