import type { Stopped } from "../../../protocol/index.js";
import type { FrameFate } from "../codec/frames.js";
import { backend } from "../codec/types.js";
import { encodeOwnReport, stoppedReport } from "../errors.js";
import type { Pending } from "./pending.js";

/**
 * A reply that ends before its end, as a budget is used up. Its target is told to stop; whatever it still sends for this turn is
 * read, and kept from the client, who gets one error in its place.
 */
export class StoppedReply {
  readonly pending: Pending;
  readonly #why: Stopped;
  /** The cancel on its way to the target; null: none is. */
  cancel: number | null = null;
  cancelled = false;
  /** The target is done with it: nothing is left to cancel. */
  over = false;
  /** The target finished the statement before it could be stopped. */
  carriedOut = false;
  #said = false;

  constructor(pending: Pending, why: Stopped) {
    this.pending = pending;
    this.#why = why;
  }

  /** What becomes of a message behind the stop; null: what always does. */
  fate(type: number): FrameFate | null {
    switch (type) {
      case backend.dataRow:
      case backend.copyData:
      case backend.copyDone:
      case backend.functionCallResponse:
        return "skip";
      // These belong to the session, not to the reply.
      case backend.noticeResponse:
      case backend.notificationResponse:
      case backend.parameterStatus:
      case backend.errorResponse:
      case backend.readyForQuery:
        return null;
      default:
        return "take";
    }
  }

  /** A cancel that comes too late would hit the client's next statement: the end of this turn waits for it. */
  get waits(): boolean {
    return this.cancel !== null && this.carriedOut;
  }

  get error(): NonNullable<Pending["error"]> {
    const { code, message } = stoppedReport(this.#why, this.carriedOut);
    return { code, text: message };
  }

  /** The target failed it, by the cancel or by itself: it was not carried out. */
  failed(): NonNullable<Pending["error"]> {
    this.over = true;
    this.carriedOut = false;
    return this.error;
  }

  /** The error for the client; empty when it was told. */
  words(): Buffer {
    if (this.#said) return nothing;
    this.#said = true;
    return encodeOwnReport(stoppedReport(this.#why, this.carriedOut));
  }
}

const nothing = Buffer.alloc(0);
