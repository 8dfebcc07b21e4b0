/** Bytes a second that one terminal may show, and at once: far more than anybody reads, and little enough for everybody else's. */
const perSecond = 1024 * 1024;
const atOnce = 2 * 1024 * 1024;

/** Whether a terminal shows more than it may, by a bucket that fills with time. */
export class Pace {
  #left = atOnce;
  #at: number | null = null;

  /** So much was shown. Milliseconds until more may be; 0: now. */
  took(bytes: number, now: number): number {
    if (this.#at !== null) this.#left = Math.min(atOnce, this.#left + ((now - this.#at) * perSecond) / 1_000);
    this.#at = now;
    this.#left -= bytes;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1_000) / perSecond);
  }
}
