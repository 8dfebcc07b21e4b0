/** What looking for values may cost; thrown at whoever looks. */
export class TooMuchEffort extends Error {
  constructor() {
    super("looking for values in this takes too long");
  }
}

/** What looking for values has cost, in characters that a detector went through; dear detectors count each several times. */
export class Effort {
  spent = 0;
  #limit = Number.POSITIVE_INFINITY;

  /** From here on no more than so much may be spent, until it is said again. */
  allow(more: number): void {
    this.#limit = this.spent + more;
  }

  get over(): boolean {
    return this.spent > this.#limit;
  }

  /** Throws TooMuchEffort when nothing is left. */
  spend(more: number): void {
    this.spent += more;
    if (this.over) throw new TooMuchEffort();
  }
}
