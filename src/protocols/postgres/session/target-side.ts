import type { HoopError, MaskPlan } from "../../../vocabulary/index.js";
import { MalformedError } from "../../../wire/index.js";
import { type FieldDescription, readRowDescription } from "../codec/backend.js";
import { type FrameFate, type FrameHandler, FrameWalker } from "../codec/frames.js";
import { body } from "../codec/frontend.js";
import { backend, transactionStatus, typeName } from "../codec/types.js";
import { encodeOwnReport, type Report, sqlState } from "../errors.js";
import { createRowMasker, unknownRelations } from "../masking.js";
import { RowBatch } from "../row-batch.js";
import { scanCells } from "../scan-cells.js";
import type { Portal } from "../statements.js";
import { createSubjectReader } from "../subject-reader.js";
import { Breather } from "./breather.js";
import type { Conversation } from "./conversation.js";
import { copyBegins, copySettled, isTrailer, wantsCopyData } from "./copies.js";
import { maxOwnRows, type OwnWork } from "./own-work.js";
import type { Pending } from "./pending.js";
import { StoppedReply } from "./stopped-reply.js";
import { TargetText } from "./target-text.js";
import { goesOnWithout } from "./waits.js";

/** Fields of a result that wait for the plan to be made with their relations looked up. */
interface Lookup {
  readonly id: number;
  readonly fields: readonly FieldDescription[];
  readonly pending: Pending;
  readonly portal: Portal | null;
}

/** The target's messages, in order: given to the message they answer, masked where its plan says so, and passed on. */
export class TargetSide implements FrameHandler {
  readonly #conversation: Conversation;
  readonly #walker: FrameWalker;
  readonly #batch = new RowBatch();
  readonly #breather: Breather;
  #queue: Buffer[] = [];
  #paused = false;
  #running = false;
  #lookup: Lookup | null = null;
  /** The reply that a budget ended, until its turn is over. */
  #stopped: StoppedReply | null = null;
  /** Its end waits for the cancel to have arrived. */
  #waits = false;
  readonly #text: TargetText;
  /** The target's own last words, when it ends the session. */
  lastFatal: string | null = null;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#walker = new FrameWalker(conversation.core.init.limits.maxFrame);
    this.#breather = new Breather(conversation.core, conversation.detected.effort);
    this.#text = new TargetText(conversation, () => this.#breather.begins());
  }

  /** Whether the client's stream stands between two messages. */
  get atBoundary(): boolean {
    return this.#walker.atBoundary;
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
        this.flushRows();
        if (rest !== null) this.#queue.unshift(rest);
      }
    } finally {
      this.#running = false;
    }
    const { core } = this.#conversation;
    this.#cancelStopped();
    const pause = this.#lookup !== null || this.#waits || this.#breather.resting;
    if (pause !== this.#paused && !core.ended) {
      this.#paused = pause;
      core.out.push({ kind: "flow", side: "target", flow: pause ? "pause" : "resume" });
    }
    if (this.#conversation.ending) this.#conversation.boundary();
  }

  tick(name: string): void {
    if (this.#breather.tick(name)) this.#run();
  }

  /** The target is gone: what it has sent is looked at to its end. */
  finish(): void {
    while (this.#breather.resting && !this.#conversation.core.ended) {
      this.#breather.goOn();
      this.#run();
    }
    this.flushRows();
  }

  /** Bytes for the client behind what was rewritten so far. */
  toClient(bytes: Buffer): void {
    this.flushRows();
    this.#conversation.core.out.send("client", bytes);
  }

  flushRows(): void {
    const rows = this.#batch.take();
    if (rows !== null) this.#conversation.core.out.send("client", rows);
  }

  notice(report: Report): void {
    if (!this.atBoundary) {
      this.#notices.push(report);
      return;
    }
    this.toClient(encodeOwnReport(report));
  }
  #notices: Report[] = [];

  // A reply that a budget ends.

  /** Whether the budgets let one more message with so much of a result go to the client; counted then. */
  #passes(head: Pending, length: number): boolean {
    if (head.meter!.row(length)) {
      head.bytes += length;
      return true;
    }
    this.#stop(head);
    return false;
  }

  #stop(head: Pending): void {
    this.#stopped = new StoppedReply(head, head.meter!.stopped());
  }

  /** Only what was not finished in the bytes at hand is cancelled. */
  #cancelStopped(): void {
    const stopped = this.#stopped;
    if (stopped === null || stopped.over || stopped.cancelled || this.#conversation.core.ended) return;
    stopped.cancelled = true;
    stopped.cancel = this.#conversation.stopTarget();
    this.#waits = stopped.waits;
  }

  cancelDone(id: number): void {
    const stopped = this.#stopped;
    if (stopped === null || stopped.cancel !== id) return;
    stopped.cancel = null;
    this.#waits = false;
    this.#run();
  }

  /** A message of the target behind the stop: read, and not shown. */
  #behindStop(stopped: StoppedReply, type: number, head: Pending, bytes: Buffer, at: number, length: number): void {
    const conversation = this.#conversation;
    if (type === backend.copyInResponse) {
      conversation.core.out.send("target", copyFail);
      return;
    }
    const completes = type === backend.commandComplete || type === backend.emptyQueryResponse;
    if (head === stopped.pending && (completes || type === backend.portalSuspended)) {
      stopped.carriedOut ||= completes;
      this.#waits = stopped.waits;
      if (head.kind === "execute") {
        stopped.over = true;
        head.error = stopped.error;
        this.toClient(stopped.words());
        conversation.note(head, "error");
        conversation.pending.pop();
        copySettled(conversation, head);
        this.#text.remember(head);
        conversation.discardPipeline();
        conversation.settle();
        return;
      }
    }
    if (this.#answer(type, head, bytes, at, length)) conversation.settle();
  }

  // Lookups.

  lookedUp(id: number, masks: MaskPlan | null): void {
    const lookup = this.#lookup;
    if (lookup === null || lookup.id !== id) return;
    this.#lookup = null;
    const { pending, portal, fields } = lookup;
    pending.masks = masks;
    if (portal !== null) portal.masks = masks;
    this.#setMasker(pending, portal, masks === null ? null : this.#rowMasker(fields, masks, pending.answered));
    this.#run();
  }

  lookupFailed(id: number, error: HoopError): void {
    if (this.#lookup?.id !== id) return;
    this.#conversation.fail(`the origin of a result could not be looked up, so it cannot be masked: ${error.message}`);
  }

  /** The columns of a result under a mask are known now. */
  #described(pending: Pending, portal: Portal | null, fields: readonly FieldDescription[]): void {
    if (portal !== null) portal.fields = fields;
    const counts = portal ?? pending;
    if (counts.reader === undefined)
      counts.reader = createSubjectReader(fields, counts.meter?.subjects ?? [], pending.answered);
    const { masks } = pending;
    if (masks === null) {
      this.#setMasker(pending, portal, null);
      return;
    }
    const unknown = unknownRelations(fields, masks, pending.answered);
    if (unknown.length === 0 || pending.ask === 0) {
      this.#setMasker(pending, portal, this.#rowMasker(fields, masks, pending.answered));
      return;
    }
    this.#lookup = { id: this.#conversation.lookup(pending.ask, unknown), fields, pending, portal };
  }

  #rowMasker(fields: readonly FieldDescription[], masks: MaskPlan, statement: number): Pending["masker"] {
    const { maskKey, detected } = this.#conversation;
    return createRowMasker(fields, masks, maskKey, statement, scanCells(masks, maskKey, detected));
  }

  #setMasker(pending: Pending, portal: Portal | null, masker: Pending["masker"]): void {
    if (portal !== null) portal.masker = masker;
    else pending.masker = masker;
  }

  // The frames.

  blocked(): boolean {
    const { core, ending } = this.#conversation;
    return this.#lookup !== null || this.#waits || this.#breather.resting || core.ended || ending;
  }

  pass(bytes: Buffer): void {
    this.toClient(bytes);
  }

  after(): void {
    for (const report of this.#notices.splice(0)) this.toClient(encodeOwnReport(report));
    this.#conversation.settle();
  }

  fate(type: number, length: number): FrameFate {
    const head = this.#conversation.pending.head;
    if (this.#stopped !== null && head !== undefined && !head.own) {
      const fate = this.#stopped.fate(type);
      if (fate !== null) return fate;
    }
    switch (type) {
      case backend.dataRow: {
        if (head === undefined) throw unexpected(type);
        if (head.own) return "take";
        const masker = head.portal === null ? head.masker : head.portal.masker;
        if (masker === undefined) throw new MalformedError("a row came before its columns were told");
        if (head.meter !== null) return this.#meteredRow(head, masker, length);
        head.rows++;
        head.bytes += length;
        return masker === null ? "stream" : "take";
      }
      case backend.copyData:
        if (head === undefined) throw unexpected(type);
        if (head.meter === null || isTrailer(head, length)) head.bytes += length;
        else if (!this.#passes(head, length)) return "skip";
        if (head.copyMasker === null) {
          head.rows++;
          return "stream";
        }
        return "take";
      case backend.copyDone:
        return head?.copyMasker == null ? "stream" : "take";
      case backend.parameterDescription:
        if (head?.own) return "take";
        return head?.describes == null ? "stream" : "peek";
      case backend.functionCallResponse:
        if (head !== undefined && head.meter !== null && !this.#passes(head, length)) return "skip";
        return head?.masks == null ? "stream" : "take";
      case backend.noticeResponse:
      case backend.notificationResponse:
        if (head?.own && head.work !== null && type === backend.noticeResponse) return "skip";
        return this.#text.rewrites(head) ? "take" : "stream";
      case backend.errorResponse:
      case backend.readyForQuery:
        return "take";
      case backend.parameterStatus:
        return this.#text.rewrites(head) ? "take" : "peek";
      case backend.rowDescription:
        if (head === undefined) throw unexpected(type);
        return head.own ? "take" : "peek";
      case backend.parseComplete:
      case backend.bindComplete:
      case backend.closeComplete:
      case backend.noData:
      case backend.commandComplete:
      case backend.emptyQueryResponse:
      case backend.portalSuspended:
      case backend.copyInResponse:
      case backend.copyOutResponse:
      case backend.copyBothResponse:
        if (head === undefined) throw unexpected(type);
        head.bytes += length;
        return head.own ? "take" : "peek";
      default:
        throw unexpected(type);
    }
  }

  #meteredRow(head: Pending, masker: Pending["masker"], length: number): FrameFate {
    const reader = head.portal === null ? head.reader : head.portal.reader;
    if (reader === undefined) throw new MalformedError("a row came before its columns were told");
    // Counted when all of it is here, with the values that it shows.
    if (reader !== null) return "take";
    if (!this.#passes(head, length)) return "skip";
    head.rows++;
    return masker === null ? "stream" : "take";
  }

  frame(type: number, bytes: Buffer, at: number, length: number): boolean {
    const conversation = this.#conversation;
    const head = conversation.pending.head;
    switch (type) {
      case backend.dataRow:
        this.#row(head!, bytes, at, length);
        return false;
      case backend.copyData:
        this.#copyRow(head!, bytes, at, length);
        return false;
      case backend.copyDone:
        head!.copyMasker!.done();
        this.toClient(bytes.subarray(at, at + length));
        return false;
      case backend.errorResponse:
        this.#error(head, bytes.subarray(at, at + length));
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
        // Behind the type and the length of the message, and the number of parameters.
        if (head?.describes != null) head.describes.parameters = Buffer.from(bytes.subarray(at + 7, at + length));
        return false;
      default:
        if (this.#stopped !== null && !head!.own) {
          this.#behindStop(this.#stopped, type, head!, bytes, at, length);
          return false;
        }
        return this.#answer(type, head!, bytes, at, length);
    }
  }

  /** True: something waits for this answer. */
  #answer(type: number, head: Pending, bytes: Buffer, at: number, length: number): boolean {
    const conversation = this.#conversation;
    switch (type) {
      case backend.parseComplete:
        if (head.kind !== "parse") throw unexpected(type);
        if (head.statement !== null) conversation.statements.confirm(head.statement.name, head.statement);
        return this.#finished(head, "ok");
      case backend.bindComplete:
        if (head.kind !== "bind") throw unexpected(type);
        if (head.portal !== null) conversation.portals.confirm(head.portal.name, head.portal);
        this.#text.remember(head);
        conversation.pending.pop();
        return this.#wake(head);
      case backend.closeComplete:
        if (head.kind !== "close") throw unexpected(type);
        if (head.closes !== null) {
          const names = head.closes.kind === "statement" ? conversation.statements : conversation.portals;
          names.confirm(head.closes.name, null);
        }
        if (head.work !== null && head.endsQuestion) head.work.at++;
        return this.#finished(head, "ok");
      case backend.rowDescription: {
        const counted = head.portal === null ? head.reader : head.portal.reader;
        const needed = head.masks !== null || head.work !== null || counted === undefined;
        if (needed) {
          const fields = readRowDescription(body(bytes, at, length));
          if (head.work !== null) head.work.answers[head.work.at]!.fields = fields;
          else if (head.kind === "query" || head.portal !== null) this.#described(head, head.portal, fields);
        }
        return head.kind === "describe" ? this.#finished(head, "ok") : false;
      }
      case backend.noData:
        if (head.kind !== "describe") throw unexpected(type);
        if (head.portal !== null && head.own) head.portal.fields = [];
        return this.#finished(head, "ok");
      case backend.copyInResponse:
      case backend.copyBothResponse:
        wantsCopyData(conversation, head);
        return false;
      case backend.copyOutResponse:
        copyBegins(conversation, head, body(bytes, at, length));
        return copySettled(conversation, head);
      case backend.portalSuspended:
        if (head.kind !== "execute") throw unexpected(type);
        return this.#finished(head, "suspended");
      default: {
        if (head.kind !== "execute" && head.kind !== "query") throw unexpected(type);
        if (type === backend.commandComplete) {
          if (length > 5) head.tag = bytes.toString("latin1", at + 5, Math.min(at + length - 1, at + 5 + 64));
          if (head.work !== null) head.work.answers[head.work.at]!.tag = head.tag ?? null;
          this.flushRows();
        }
        // A result of its own follows, with columns of its own.
        if (head.kind === "query") {
          head.answered++;
          if (head.masks !== null) head.masker = undefined;
          if (head.meter !== null && head.meter.subjects.length > 0) head.reader = undefined;
          head.copyMasker = null;
          return false;
        }
        return this.#finished(head, "ok");
      }
    }
  }

  #finished(head: Pending, outcome: "ok" | "suspended"): boolean {
    const conversation = this.#conversation;
    if (!head.own && (head.kind === "execute" || head.kind === "parse")) conversation.finished(head, outcome);
    conversation.pending.pop();
    copySettled(conversation, head);
    this.#text.remember(head);
    if (head.work !== null && isDone(conversation, head.work)) head.work.done(head.work);
    return this.#wake(head);
  }

  /** Whether somebody may wait for this reply: then what is before it leaves first. */
  #wake(head: Pending): boolean {
    const conversation = this.#conversation;
    if (head.own) {
      conversation.settle();
      return false;
    }
    return conversation.pending.head?.local === true || !conversation.client.idle;
  }

  #row(head: Pending, bytes: Buffer, at: number, length: number): void {
    if (head.own) {
      if (head.work === null) throw unexpected(backend.dataRow);
      const answer = head.work.answers[head.work.at]!;
      if (answer.rows.length >= maxOwnRows) return;
      const reader = body(bytes, at, length);
      const row: (Buffer | null)[] = [];
      for (let i = reader.uint16(); i > 0; i--) {
        const size = reader.int32();
        row.push(size < 0 ? null : Buffer.from(reader.bytes(size)));
      }
      answer.rows.push(row);
      return;
    }
    const { masker, reader } = head.portal ?? head;
    if (head.meter !== null && reader != null) {
      if (!reader.read(bytes, at, length)) return this.#stop(head);
      if (!this.#passes(head, length)) return;
      head.rows++;
    }
    if (masker === null) return this.toClient(bytes.subarray(at, at + length));
    if (!this.#batch.empty && !this.#batch.holds(bytes)) this.flushRows();
    this.#breather.begins();
    head.maskedCells += masker!.mask(bytes, at, length, this.#batch);
    this.#breather.rests();
  }

  // Copy.

  #copyRow(head: Pending, bytes: Buffer, at: number, length: number): void {
    head.rows++;
    if (!this.#batch.empty && !this.#batch.holds(bytes)) this.flushRows();
    this.#breather.begins();
    head.maskedCells += head.copyMasker!.mask(bytes, at, length, this.#batch);
    this.#breather.rests();
  }

  // Errors, the end of a turn, settings.

  #error(head: Pending | undefined, frame: Buffer): void {
    const conversation = this.#conversation;
    const { severity, code, text, shown } = this.#text.error(head, frame);
    if (severity === "FATAL" || severity === "PANIC") {
      this.lastFatal = text;
      // Clients read nothing behind words like these.
      const { waiting } = conversation.client;
      if (waiting !== null) this.toClient(encodeOwnReport(goesOnWithout(waiting)));
      this.toClient(shown);
      return;
    }
    if (head === undefined) {
      this.toClient(shown);
      return;
    }
    const stopped = head.own ? null : this.#stopped;
    head.error = stopped?.pending === head ? stopped.failed() : { code, text: text.slice(0, 4096) };
    if (head.work !== null) {
      const { work } = head;
      work.failure = { code, frame: shown };
      this.#drop((pending) => pending.work === work && pending.kind !== "sync");
      if (isDone(conversation, work)) work.done(work);
      return;
    }
    if (stopped === null) this.toClient(head.kind === "poison" ? head.refusal! : shown);
    else {
      this.toClient(stopped.words());
      // An error of its own may have been quicker than the cancel.
      this.#waits = stopped.cancel !== null && code !== sqlState.queryCanceled;
    }
    if (head.endsTurn) return;
    // The target discards what follows up to Sync: so do we, in what waits for a reply and in what is still to come.
    let synced = false;
    for (const pending of conversation.pending) synced ||= pending.endsTurn;
    if (!synced) {
      conversation.discarding = true;
      conversation.client.discarded();
    }
    this.#drop((pending) => !pending.endsTurn);
  }

  #drop(which: (pending: Pending) => boolean): void {
    const conversation = this.#conversation;
    let dropped: OwnWork | null = null;
    for (let head = conversation.pending.head; head !== undefined && which(head); head = conversation.pending.head) {
      conversation.pending.pop();
      if (head.statement !== null) conversation.statements.refuse(head.statement.name, head.statement);
      if (head.kind === "bind" && head.portal !== null) conversation.portals.refuse(head.portal.name, head.portal);
      if (head.closes !== null) {
        const names = head.closes.kind === "statement" ? conversation.statements : conversation.portals;
        names.refuse(head.closes.name, null);
      }
      if (!head.own) conversation.note(head, head.error === undefined ? "unknown" : "error");
      this.#text.remember(head);
      copySettled(conversation, head);
      if (head.work !== null && head.work.failure === null) dropped = head.work;
    }
    if (dropped !== null && isDone(conversation, dropped)) {
      dropped.failure = { code: "", frame: null };
      dropped.done(dropped);
    }
  }

  #ready(bytes: Buffer, at: number, length: number): void {
    const conversation = this.#conversation;
    if (length !== 6) throw new MalformedError("ReadyForQuery of a wrong length");
    const head = conversation.pending.head;
    if (head === undefined || !head.endsTurn) throw unexpected(backend.readyForQuery);
    this.#endStop(head);
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
      if (head.work !== null) head.work.done(head.work);
    } else {
      conversation.noteDefined();
      conversation.note(head, head.error === undefined ? "ok" : "error");
      this.toClient(bytes.subarray(at, at + length));
      copySettled(conversation, head);
    }
    this.after();
  }

  /** The turn of a reply that was ended is over, with its one error at the latest here. */
  #endStop(head: Pending): void {
    const stopped = this.#stopped;
    if (stopped === null || head.own) return;
    this.toClient(stopped.words());
    if (head === stopped.pending) head.error ??= stopped.error;
    this.#stopped = null;
    this.#waits = false;
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

function isDone(conversation: Conversation, work: OwnWork): boolean {
  for (const pending of conversation.pending) if (pending.work === work) return false;
  return true;
}

/** Nobody is there to send the data: the client was told that it failed. */
const copyFail = Buffer.from([0x66, 0, 0, 0, 5, 0]);

function unexpected(type: number): MalformedError {
  return new MalformedError(`the target sent ${typeName(type)} where nobody asked for it`);
}
