/** How often something may happen: `burst` at once, and `perSecond` in the long run. */
export class RateLimit {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at = 0;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#left = burst;
  }

  /** False: too often. `now` is in milliseconds. */
  take(now: number): boolean {
    if (this.#at !== 0) this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** More may happen: we did something ourselves that asks for it. */
  give(count: number): void {
    this.#left = Math.min(this.#burst, this.#left + count);
  }
}
