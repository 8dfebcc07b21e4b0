const slabBytes = 16 * 1024;
/** Chunks up to this size are copied together. */
const smallBytes = 4 * 1024;

/**
 * Bytes that wait for a paused reader. A window's worth of bytes must cost about a window of memory, however small the
 * pieces in which a hostile peer sends them: a million one-byte chunks kept as they come would cost two hundred megabytes.
 */
export class HeldBytes {
  #chunks: Buffer[] = [];
  #slab: Buffer | null = null;
  #used = 0;

  get isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#slab === null;
  }

  add(chunk: Buffer): void {
    if (chunk.length > smallBytes) {
      this.#seal();
      // A view keeps all of the memory under it alive, and the rest of that may long be done with.
      this.#chunks.push(2 * chunk.length < chunk.buffer.byteLength ? copyOf(chunk) : chunk);
      return;
    }
    if (this.#slab === null || this.#used + chunk.length > slabBytes) {
      this.#seal();
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    }
    this.#used += chunk.copy(this.#slab, this.#used);
  }

  /** The oldest bytes; null: there are none. */
  take(): Buffer | null {
    if (this.#chunks.length === 0) this.#seal();
    return this.#chunks.shift() ?? null;
  }

  clear(): void {
    this.#chunks = [];
    this.#slab = null;
    this.#used = 0;
  }

  #seal(): void {
    if (this.#slab !== null) this.#chunks.push(this.#slab.subarray(0, this.#used));
    this.#slab = null;
    this.#used = 0;
  }
}

function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
