import { errorCode } from "./constants.js";
import { Http2Error } from "./error.js";
import { RateLimit } from "./rate-limit.js";

export type FloodKind = "PING" | "SETTINGS" | "RST_STREAM" | "WINDOW_UPDATE" | "empty DATA" | "meaningless frames";

/**
 * Frames that cost us work and the peer next to nothing. Each kind may come as often as an honest peer could want it: some
 * ask for the round trip with a PING for each answer, some allow more with two WINDOW_UPDATEs for each DATA frame.
 */
export class Floods {
  readonly #limits = {
    PING: new RateLimit(10_000, 1000),
    SETTINGS: new RateLimit(100, 10),
    // Counts resets of theirs and those that they provoke: each costs a call that was begun in vain.
    RST_STREAM: new RateLimit(2000, 200),
    WINDOW_UPDATE: new RateLimit(20_000, 2000),
    "empty DATA": new RateLimit(1000, 100),
    // PRIORITY, frames of extensions, frames on streams that are over.
    "meaningless frames": new RateLimit(2000, 200),
  } as const satisfies Record<FloodKind, RateLimit>;

  /** Throws Http2Error when there were too many. */
  count(kind: FloodKind): void {
    if (!this.#limits[kind].take(Date.now())) {
      throw new Http2Error(errorCode.enhanceYourCalm, `too many: ${kind}`);
    }
  }

  /** We sent DATA, which will be answered. */
  sentData(): void {
    this.#limits.WINDOW_UPDATE.give(2);
  }
}
