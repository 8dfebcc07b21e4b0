/** Tells in a client's HTTP/2 bytes whether a header block has begun and is not yet whole. Source: RFC 9113, sections 4.1 and 6.2. */
export class HeadWatch {
  /** Bytes of the present frame's head that came; a frame head is nine. */
  readonly #head = Buffer.alloc(9);
  #filled = 0;
  /** Bytes of the present frame's payload that are still to come. */
  #left = 0;
  /** The client's connection preface comes first. */
  #preface = 24;
  #open = false;

  /** A header block, or a frame's own head, has begun and is not whole. */
  get open(): boolean {
    return this.#open || this.#filled > 0;
  }

  push(chunk: Buffer): void {
    let at = Math.min(this.#preface, chunk.length);
    this.#preface -= at;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        if (this.#left === 0) this.#ended();
        continue;
      }
      this.#head[this.#filled++] = chunk[at++]!;
      if (this.#filled < 9) continue;
      this.#filled = 0;
      this.#left = this.#head.readUIntBE(0, 3);
      if (isHeaders(this.#head[3]!)) this.#open = true;
      if (this.#left === 0) this.#ended();
    }
  }

  #ended(): void {
    if (isHeaders(this.#head[3]!)) this.#open = (this.#head[4]! & endHeaders) === 0;
  }
}

const endHeaders = 0x4;
/** HEADERS, and the CONTINUATION of one. */
const isHeaders = (type: number) => type === 0x1 || type === 0x9;
