const mega = 1024 * 1024;

/** Bytes that may be promised or held in one process, over all of its connections. */
export class ByteBudget {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get used(): number {
    return this.#used;
  }

  /** False: nothing was taken, there is not enough left. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#max) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/** By how much all windows together may have grown beyond what every stream begins with. */
export const grownWindows = new ByteBudget(256 * mega);

/**
 * What all paused lanes together may hold. Each is bounded by its window, but ten thousand windows are too much: the lane
 * that would pass this is ended.
 */
export const heldByReaders = new ByteBudget(512 * mega);
