import type { Conversation } from "./conversation.js";
import type { Pending } from "./pending.js";
import { StoppedReply } from "./stopped-reply.js";

/** Ends a reply when a budget is used up, and holds the end of its turn back until the cancel at the target has arrived. */
export class ReplyStop {
  readonly #conversation: Conversation;
  /** The reply that a budget ended, until its turn is over. */
  stopped: StoppedReply | null = null;
  /** Its end waits for the cancel to have arrived. */
  waits = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** Whether the budgets let one more message with so much of a result go to the client; counted then. */
  passes(head: Pending, length: number): boolean {
    if (head.meter!.row(length)) {
      head.bytes += length;
      return true;
    }
    this.stop(head);
    return false;
  }

  stop(head: Pending): void {
    this.stopped = new StoppedReply(head, head.meter!.stopped());
  }

  /** Only what was not finished in the bytes at hand is cancelled. */
  cancel(): void {
    const { stopped } = this;
    if (stopped === null || stopped.over || stopped.cancelled || this.#conversation.core.ended) return;
    stopped.cancelled = true;
    stopped.cancel = this.#conversation.ending.stopTarget();
    this.waits = stopped.waits;
  }

  /** True: what waited for it can go on. */
  cancelDone(id: number): boolean {
    const { stopped } = this;
    if (stopped === null || stopped.cancel !== id) return false;
    stopped.cancel = null;
    this.waits = false;
    return true;
  }

  /** The turn of the reply is over, with its one error at the latest here: what of that was not said yet. */
  turnEnds(head: Pending): Buffer | null {
    const { stopped } = this;
    if (stopped === null || head.own) return null;
    if (head === stopped.pending) head.error ??= stopped.error;
    this.stopped = null;
    this.waits = false;
    return stopped.words();
  }
}
