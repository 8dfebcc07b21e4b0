/** Shorter runs are moved byte by byte: a call costs more. */
const shortRun = 160;

/**
 * Rewritten messages of one chunk, in place: kept bytes move towards the front, over what was already read. Only when
 * values grow past what was read, the batch moves to a buffer of its own.
 */
export class RowBatch {
  #source: Buffer | null = null;
  #out: Buffer = Buffer.alloc(0);
  #start = 0;
  #at = 0;
  #frame = 0;
  /** Up to where the source belongs to this batch. */
  #read = 0;

  get empty(): boolean {
    return this.#source === null;
  }

  /** Opens the message at `source[at …)`, which is behind the one before. Whoever changes the source takes first. */
  begin(source: Buffer, at: number): void {
    if (this.#source === null) {
      this.#source = source;
      this.#out = source;
      this.#start = at;
      this.#at = at;
    } else if (this.#source !== source) throw new Error("a batch holds messages of one chunk");
    this.#frame = this.#at;
    this.#read = at;
  }

  holds(source: Buffer): boolean {
    return this.#source === source;
  }

  /** Copies `source[from … to)`, the next bytes of the message. */
  keep(from: number, to: number): void {
    const n = to - from;
    this.#read = to;
    const source = this.#source!;
    if (this.#out === source) {
      if (this.#at !== from) {
        if (n < shortRun) {
          for (let i = from, j = this.#at; i < to; i++, j++) source[j] = source[i]!;
        } else source.copyWithin(this.#at, from, to);
      }
    } else {
      this.#room(n);
      source.copy(this.#out, this.#at, from, to);
    }
    this.#at += n;
  }

  /** A value with its length before it, in place of source bytes up to `read`. */
  value(bytes: Buffer | null, read: number): void {
    this.#read = read;
    const size = bytes === null ? -1 : bytes.length;
    this.#room(4 + Math.max(0, size));
    const out = this.#out;
    const at = this.#at;
    out[at] = size >>> 24;
    out[at + 1] = size >>> 16;
    out[at + 2] = size >>> 8;
    out[at + 3] = size;
    this.#at += 4;
    if (bytes !== null) this.#copy(bytes, size);
  }

  /** The first `length` bytes as they are, in place of source bytes up to `read`. */
  raw(bytes: Buffer, read: number, length = bytes.length): void {
    this.#read = read;
    this.#room(length);
    this.#copy(bytes, length);
  }

  #copy(bytes: Buffer, length: number): void {
    const out = this.#out;
    if (length < shortRun) for (let i = 0, j = this.#at; i < length; i++, j++) out[j] = bytes[i]!;
    else bytes.copy(out, this.#at, 0, length);
    this.#at += length;
  }

  /** Closes the message: its length is known now. */
  end(): void {
    this.#out.writeInt32BE(this.#at - this.#frame - 1, this.#frame + 1);
  }

  /** All messages so far, as one view; the batch is empty. */
  take(): Buffer | null {
    if (this.#source === null) return null;
    const bytes = this.#out.subarray(this.#start, this.#at);
    this.#source = null;
    this.#out = bytes;
    return bytes;
  }

  #room(n: number): void {
    const inPlace = this.#out === this.#source;
    if (inPlace ? this.#at + n <= this.#read : this.#at + n <= this.#out.length) return;
    const written = this.#at - this.#start;
    const rest = this.#source!.length - this.#read;
    const grown = Buffer.allocUnsafe(written + n + rest + (rest >> 2) + 256);
    this.#out.copy(grown, 0, this.#start, this.#at);
    this.#out = grown;
    this.#frame -= this.#start;
    this.#at = written;
    this.#start = 0;
  }
}
