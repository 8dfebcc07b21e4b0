import type { CellMasker } from "../../../masking/index.js";
import type { RowBatch } from "../row-batch.js";
import type { CopyOptions } from "./copy-options.js";
import { LineCopyMasker } from "./line-copy-masker.js";

const newline = 0x0a;

/** Rows of the csv format. A masked value is always quoted, so that it never looks like NULL or the end of data. */
export class CsvCopyMasker extends LineCopyMasker {
  readonly #quote: number;
  readonly #escape: number;
  /** Where a quoted value is made, used again for the next. */
  #made = Buffer.alloc(256);

  constructor(columns: readonly (CellMasker | null)[], options: CopyOptions) {
    super(columns, options);
    this.#quote = options.quote.charCodeAt(0);
    this.#escape = options.escape.charCodeAt(0);
  }

  protected fieldEnd(bytes: Buffer, from: number, end: number): number {
    const { delimiter } = this;
    const quote = this.#quote;
    const mark = this.#escape;
    this.escaped = false;
    let quoted = false;
    let pos = from;
    for (; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (!quoted) {
        if (byte === quote) quoted = true;
        else if (byte === delimiter || byte === newline) break;
      } else if (byte === quote || byte === mark) {
        const next = pos + 1 < end ? bytes[pos + 1] : -1;
        if (byte === mark && (next === quote || next === mark)) {
          this.escaped = true;
          pos++;
        } else if (byte === quote) quoted = false;
      }
    }
    return Math.min(pos, end);
  }

  protected masked(masker: CellMasker, bytes: Buffer, start: number, end: number): Buffer | null {
    if (bytes[start] !== this.#quote) return masker(bytes, start, end);
    if (!this.escaped) return masker(bytes, start + 1, Math.max(start + 1, end - 1));
    const plain = this.#unescape(bytes, start + 1, end - 1);
    return masker(plain, 0, plain.length);
  }

  protected write(value: Buffer, batch: RowBatch, read: number): void {
    if (this.#made.length < 2 * value.length + 2) this.#made = Buffer.alloc(4 * value.length + 2);
    const made = this.#made;
    let n = 0;
    made[n++] = this.#quote;
    for (let i = 0; i < value.length; i++) {
      const byte = value[i]!;
      if (byte === this.#quote || byte === this.#escape) made[n++] = this.#escape;
      made[n++] = byte;
    }
    made[n++] = this.#quote;
    batch.raw(made, read, n);
  }

  #unescape(bytes: Buffer, start: number, end: number): Buffer {
    const plain = Buffer.allocUnsafe(end - start);
    let n = 0;
    for (let i = start; i < end; i++) {
      const next = bytes[i + 1];
      if (bytes[i] === this.#escape && i + 1 < end && (next === this.#quote || next === this.#escape)) i++;
      plain[n++] = bytes[i]!;
    }
    return plain.subarray(0, n);
  }
}
