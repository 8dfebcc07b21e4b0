import { MalformedError } from "./limits.js";

/**
 * Reads big-endian fields from one frame and can never see past its end.
 * Every method throws MalformedError when the frame is too short.
 */
export class ClippedReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get at(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  #take(n: number): number {
    if (n < 0 || n > this.#end - this.#at)
      throw new MalformedError(`frame too short: ${n} bytes wanted, ${this.remaining} left`);
    const at = this.#at;
    this.#at += n;
    return at;
  }

  uint8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** A view, not a copy. */
  bytes(n: number): Buffer {
    const at = this.#take(n);
    return this.#bytes.subarray(at, at + n);
  }

  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  /** Up to the next NUL, which is consumed; a view, not a copy. */
  cstringBytes(): Buffer {
    const nul = this.#bytes.indexOf(0, this.#at);
    if (nul < 0 || nul >= this.#end) throw new MalformedError("string without its terminating NUL");
    const view = this.#bytes.subarray(this.#at, nul);
    this.#at = nul + 1;
    return view;
  }

  /** Up to the next NUL, which is consumed; each byte is one character. Made for names: short, and often empty. */
  latin1Cstring(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    for (let at = start; at < this.#end; at++) {
      if (bytes[at] !== 0) continue;
      this.#at = at + 1;
      return at === start ? "" : bytes.toString("latin1", start, at);
    }
    throw new MalformedError("string without its terminating NUL");
  }

  cstring(): string {
    return this.cstringBytes().toString("utf8");
  }

  /** Nothing may be left. */
  done(): void {
    if (this.#at !== this.#end) throw new MalformedError(`${this.remaining} bytes too many in frame`);
  }
}
