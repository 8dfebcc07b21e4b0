import type { EndReason } from "../../../protocol/index.js";

/** How much of what its terminals show one session may have recorded. What cannot be written down is not shown: it ends. */
export class ScreenBound {
  readonly #most: number;
  readonly #full: (reason: EndReason) => void;
  #bytes = 0;
  #told = false;

  /** `full` is called once, after whoever called `took` is done. */
  constructor(most: number | undefined, full: (reason: EndReason) => void) {
    this.#most = most ?? Number.POSITIVE_INFINITY;
    this.#full = full;
  }

  /** So many bytes of a recording were written. */
  took(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#most || this.#told) return;
    this.#told = true;
    const megabytes = Math.round(this.#most / 1024 / 1024);
    const text = `the recording of this session's terminals is full: ${megabytes} MB were shown`;
    queueMicrotask(() => this.#full({ code: "limited", text }));
  }
}
