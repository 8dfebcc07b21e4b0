import type { Effort } from "../../../masking/index.js";
import type { Core } from "./core.js";

/** What one row, or one message, may cost to look at; what is left of it then is masked whole. About half a second at the worst. */
const rowEffort = 8 * 1024 * 1024;
/** What is looked at in one turn of the event loop, before others have theirs. */
const turnEffort = 512 * 1024;

const timer = "breathe";

/** Sees to it that looking for values in what a target sends never keeps other sessions waiting for long. */
export class Breather {
  readonly #core: Core;
  readonly #effort: Effort;
  #since = 0;
  /** It is the others' turn. */
  resting = false;

  constructor(core: Core, effort: Effort) {
    this.#core = core;
    this.#effort = effort;
  }

  /** A row, or a message, is to be looked at. */
  begins(): void {
    this.#effort.allow(rowEffort);
  }

  /** After it: whether it is the others' turn. */
  rests(): void {
    if (this.#effort.spent - this.#since < turnEffort || this.resting) return;
    this.resting = true;
    this.#core.out.push({ kind: "timer", name: timer, at: this.#core.now });
  }

  /** True: it is our turn again. */
  tick(name: string): boolean {
    if (name !== timer || !this.resting) return false;
    this.goOn();
    return true;
  }

  goOn(): void {
    this.resting = false;
    this.#since = this.#effort.spent;
  }
}
