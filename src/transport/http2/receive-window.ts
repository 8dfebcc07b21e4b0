import { maxStreamWindow } from "./settings.js";
import { grownWindows } from "./window-budget.js";

/**
 * A window may hold what a path of this rate has under way and no more: without the bound it would grow on a LAN, where
 * a larger window only makes the others wait.
 */
const pathBytesPerMs = 400_000;
/** Room for the rate to grow, in round trips at the present one. */
const headroom = 3;

/** What a peer may send on one stream, and when to allow it more. */
export class ReceiveWindow {
  readonly #initial: number;
  #size: number;
  /** What may still come. */
  #left: number;
  /** What was taken by the reader and not allowed again. */
  #owed = 0;
  #since = 0;

  constructor(size: number) {
    this.#initial = size;
    this.#size = size;
    this.#left = size;
  }

  get size(): number {
    return this.#size;
  }

  /** False: the peer overran its window. */
  arrive(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** The reader took bytes; answers whether it is time to `grant`. */
  take(bytes: number): boolean {
    this.#owed += bytes;
    // A window that had to grow lies on a long path: the peer must hear in time.
    return this.#owed >= this.#size >> (this.#size === this.#initial ? 1 : 2);
  }

  /** What to allow now. `roundTripMs` is the shortest that was seen, 0: none yet. */
  grant(now: number, roundTripMs: number): number {
    let credit = this.#owed;
    if (this.#since > 0 && roundTripMs > 0) {
      const elapsed = Math.max(now - this.#since, 0.01);
      const wanted = Math.min(
        maxStreamWindow,
        Math.floor(roundTripMs * pathBytesPerMs),
        Math.floor((headroom * roundTripMs * credit) / elapsed),
      );
      const growth = wanted - this.#size;
      if (growth > this.#size / 4 && grownWindows.take(growth)) {
        this.#size = wanted;
        credit += growth;
      }
    }
    this.#since = now;
    this.#owed = 0;
    this.#left += credit;
    return credit;
  }

  /** Gives back what it had grown by. */
  close(): void {
    grownWindows.give(this.#size - this.#initial);
    this.#size = this.#initial;
  }
}
