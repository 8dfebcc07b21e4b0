import { encodeOwnReport, sqlState } from "../errors.js";
import type { ClientStream } from "./client-stream.js";
import type { Conversation } from "./conversation.js";
import { copySettled } from "./copies.js";
import { isDone, type OwnWork } from "./own-work.js";
import type { Pending } from "./pending.js";
import type { ReplyStop } from "./reply-stop.js";
import type { TargetText } from "./target-text.js";
import { goesOnWithout } from "./waits.js";

/** What is kept of an error's text: it goes into the recording, and into the words of the session's end. */
const maxLastWords = 4096;

/** Errors of the target: shown to the client as far as it may see them, with what each of them takes along. */
export class TargetErrors {
  readonly #conversation: Conversation;
  readonly #stream: ClientStream;
  readonly #stop: ReplyStop;
  readonly #text: TargetText;
  /** The target's own last words, when it ends the session. */
  lastFatal: string | null = null;

  constructor(conversation: Conversation, stream: ClientStream, stop: ReplyStop, text: TargetText) {
    this.#conversation = conversation;
    this.#stream = stream;
    this.#stop = stop;
    this.#text = text;
  }

  told(head: Pending | undefined, frame: Buffer): void {
    const conversation = this.#conversation;
    const { severity, code, text, shown } = this.#text.error(head, frame);
    if (severity === "FATAL" || severity === "PANIC") {
      this.lastFatal = text.slice(0, maxLastWords);
      // Clients read nothing behind words like these.
      const { waiting } = conversation.client;
      if (waiting !== null) this.#stream.send(encodeOwnReport(goesOnWithout(waiting)));
      this.#stream.send(shown);
      return;
    }
    if (head === undefined) {
      this.#stream.send(shown);
      return;
    }
    const stopped = head.own ? null : this.#stop.stopped;
    head.error = stopped?.pending === head ? stopped.failed() : { code, text: text.slice(0, maxLastWords) };
    if (head.work !== null) {
      const { work } = head;
      work.failure = { code, frame: shown };
      this.#drop((pending) => pending.work === work && !pending.endsTurn);
      if (isDone(conversation.pending, work)) work.done(work);
      return;
    }
    if (stopped === null) this.#stream.send(head.kind === "poison" ? head.refusal! : shown);
    else {
      this.#stream.send(stopped.words());
      // An error of its own may have been quicker than the cancel.
      this.#stop.waits = stopped.cancel !== null && code !== sqlState.queryCanceled;
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
      if (!head.own) conversation.notes.note(head, head.error === undefined ? "unknown" : "error");
      this.#text.remember(head);
      copySettled(conversation, head);
      if (head.work !== null && head.work.failure === null) dropped = head.work;
    }
    if (dropped !== null && isDone(conversation.pending, dropped)) {
      dropped.failure = { code: "", frame: null };
      dropped.done(dropped);
    }
  }
}
