import { readRowDescription } from "../codec/backend.js";
import { body } from "../codec/frontend.js";
import { backend } from "../codec/types.js";
import type { ClientStream } from "./client-stream.js";
import type { Conversation } from "./conversation.js";
import { copyBegins, copySettled, wantsCopyData } from "./copies.js";
import { unexpected } from "./frame-fate.js";
import { isDone } from "./own-work.js";
import type { Pending } from "./pending.js";
import type { ReplyStop } from "./reply-stop.js";
import type { ResultColumns } from "./result-columns.js";
import type { StoppedReply } from "./stopped-reply.js";
import type { TargetText } from "./target-text.js";

/** The target's answers to what was sent: each is given to the message whose turn it is, and moves it on. */
export class Replies {
  readonly #conversation: Conversation;
  readonly #stream: ClientStream;
  readonly #stop: ReplyStop;
  readonly #columns: ResultColumns;
  readonly #text: TargetText;

  constructor(
    conversation: Conversation,
    stream: ClientStream,
    stop: ReplyStop,
    columns: ResultColumns,
    text: TargetText,
  ) {
    this.#conversation = conversation;
    this.#stream = stream;
    this.#stop = stop;
    this.#columns = columns;
    this.#text = text;
  }

  /** True: something waits for this answer. */
  answer(type: number, head: Pending, bytes: Buffer, at: number, length: number): boolean {
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
          else if (head.kind === "query" || head.portal !== null) this.#columns.described(head, head.portal, fields);
        }
        return head.kind === "describe" ? this.#finished(head, "ok") : false;
      }
      case backend.noData:
        if (head.kind !== "describe") throw unexpected(type);
        return this.#finished(head, "ok");
      case backend.copyInResponse:
        wantsCopyData(conversation, head);
        return false;
      case backend.copyBothResponse:
        if (conversation.replication === null) throw unexpected(type);
        wantsCopyData(conversation, head);
        head.copying = true;
        if (head.masks !== null) conversation.fail("a replication stream cannot be masked");
        return false;
      case backend.copyOutResponse:
        head.copying = true;
        copyBegins(conversation, head, body(bytes, at, length));
        return copySettled(conversation, head);
      case backend.portalSuspended:
        if (head.kind !== "execute") throw unexpected(type);
        return this.#finished(head, "suspended");
      default:
        return this.#completed(type, head, bytes, at, length);
    }
  }

  #completed(type: number, head: Pending, bytes: Buffer, at: number, length: number): boolean {
    if (head.kind !== "execute" && head.kind !== "query") throw unexpected(type);
    if (type === backend.commandComplete) {
      if (length > 5) head.tag = bytes.toString("latin1", at + 5, Math.min(at + length - 1, at + 5 + 64));
      if (head.work !== null) head.work.answers[head.work.at]!.tag = head.tag ?? null;
      this.#stream.flush();
    }
    // A result of its own follows, with columns of its own.
    if (head.kind === "query") {
      head.answered++;
      if (head.masks !== null) head.masker = undefined;
      if (head.meter !== null && head.meter.subjects.length > 0) head.reader = undefined;
      head.copyMasker = null;
      head.copying = false;
      return false;
    }
    return this.#finished(head, "ok");
  }

  #finished(head: Pending, outcome: "ok" | "suspended"): boolean {
    const conversation = this.#conversation;
    if (!head.own && (head.kind === "execute" || head.kind === "parse"))
      conversation.notes.finished(head, outcome, conversation.status);
    conversation.pending.pop();
    copySettled(conversation, head);
    this.#text.remember(head);
    if (head.work !== null && isDone(conversation.pending, head.work)) head.work.done(head.work);
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

  /** An answer behind the end that a budget made: read, and not shown. */
  behindStop(stopped: StoppedReply, type: number, head: Pending, bytes: Buffer, at: number, length: number): void {
    const conversation = this.#conversation;
    if (type === backend.copyInResponse) {
      conversation.core.out.send("target", copyFail);
      return;
    }
    const completes = type === backend.commandComplete || type === backend.emptyQueryResponse;
    if (head === stopped.pending && (completes || type === backend.portalSuspended)) {
      stopped.carriedOut ||= completes;
      this.#stop.waits = stopped.waits;
      if (head.kind === "execute") {
        stopped.over = true;
        head.error = stopped.error;
        this.#stream.send(stopped.words());
        conversation.notes.note(head, "error");
        conversation.pending.pop();
        copySettled(conversation, head);
        this.#text.remember(head);
        conversation.discardPipeline();
        conversation.settle();
        return;
      }
    }
    if (this.answer(type, head, bytes, at, length)) conversation.settle();
  }
}

/** Nobody is there to send the data: the client was told that it failed. */
const copyFail = Buffer.from([0x66, 0, 0, 0, 5, 0]);
