/** The received part of one frame whose rest is still to come. Grows with what came, never with what was announced. */
export class Stash {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    const total = this.#length + chunk.length;
    if (total > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(total, this.#bytes.length * 2, 64));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = total;
  }

  /** A view of what is there. */
  peek(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What is there; the stash is empty and keeps no memory. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return taken;
  }
}
