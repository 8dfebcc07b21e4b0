import { setTimeout as sleep } from "node:timers/promises";

export interface TurnClock {
  /** Milliseconds. */
  now(): number;
  /** So many milliseconds, at least until the loop has come round. */
  rest(ms: number): Promise<void>;
}

/** Characters a second that all screens together may have read, and at once: about a tenth of the loop. */
const perSecond = 2_000_000;
const atOnce = 128 * 1024;

const clock: TurnClock = {
  now: () => performance.now(),
  rest: (ms) => (ms > 0 ? sleep(ms) : new Promise((resolve) => setImmediate(resolve))),
};

/**
 * Who reads screens does so in turns, all of this process in one row: recordings are as long as what was printed, and the loop that reads them
 * is the one that carries everybody's keystrokes.
 */
export class ReadingTurns {
  readonly #clock: TurnClock;
  #left = atOnce;
  #at: number;
  #last: Promise<void> = Promise.resolve();

  constructor(given: TurnClock = clock) {
    this.#clock = given;
    this.#at = given.now();
  }

  /** Resolves when so many characters may be read, behind all who asked before. */
  take(characters: number): Promise<void> {
    this.#last = this.#last.then(() => this.#turn(characters));
    return this.#last;
  }

  #turn(characters: number): Promise<void> {
    const now = this.#clock.now();
    this.#left = Math.min(atOnce, this.#left + ((now - this.#at) * perSecond) / 1_000);
    this.#at = now;
    this.#left -= characters;
    return this.#clock.rest(this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1_000) / perSecond));
  }
}

/** The row of this process. */
export const readingTurns = new ReadingTurns();
