import type { CellMasker } from "../../../masking/index.js";
import { MalformedError } from "../../../wire/index.js";
import type { RowBatch } from "../row-batch.js";
import type { CopyMasker } from "./copy-masker.js";
import type { CopyOptions } from "./copy-options.js";

const newline = 0x0a;

/** Rows of the csv format. A masked value is always quoted, so that it never looks like NULL or the end of data. */
export class CsvCopyMasker implements CopyMasker {
  readonly #columns: readonly (CellMasker | null)[];
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #null: Buffer;
  /** Behind it every column passes. */
  readonly #last: number;
  #header: boolean;

  constructor(columns: readonly (CellMasker | null)[], options: CopyOptions) {
    this.#columns = columns;
    this.#last = columns.findLastIndex((column) => column !== null);
    this.#delimiter = options.delimiter.charCodeAt(0);
    this.#quote = options.quote.charCodeAt(0);
    this.#escape = options.escape.charCodeAt(0);
    this.#null = Buffer.from(options.nullText, "utf8");
    this.#header = options.header;
  }

  mask(bytes: Buffer, at: number, length: number, batch: RowBatch): number {
    const end = at + length;
    let pos = at + 5;
    let kept = at;
    let masked = 0;
    batch.begin(bytes, at);
    while (pos < end) {
      const pass = this.#header;
      this.#header = false;
      let column = 0;
      for (;;) {
        const start = pos;
        pos = this.#fieldEnd(bytes, pos, end);
        if (column >= this.#columns.length) throw new MalformedError("a row of COPY csv has too many columns");
        const masker = this.#columns[column]!;
        if (masker !== null && !pass && !this.#isNull(bytes, start, pos)) {
          const plain = this.#plain(bytes, start, pos);
          const value = masker(plain, 0, plain.length);
          batch.keep(kept, start);
          batch.raw(value === null ? this.#null : this.#quoted(value), pos);
          kept = pos;
          masked++;
        }
        // The rest of the message is the rest of this row when the only newline ends it.
        if (column === this.#last && bytes.indexOf(newline, pos) === end - 1) {
          pos = end;
          column = this.#columns.length;
          break;
        }
        column++;
        if (bytes[pos++] === newline) break;
      }
      if (column !== this.#columns.length && !(this.#columns.length === 0 && column === 1)) {
        throw new MalformedError("a row of COPY csv has too few columns");
      }
    }
    batch.keep(kept, end);
    batch.end();
    return masked;
  }

  done(): void {}

  #fieldEnd(bytes: Buffer, from: number, end: number): number {
    let quoted = false;
    let pos = from;
    for (; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (quoted) {
        const next = bytes[pos + 1];
        if (byte === this.#escape && pos + 1 < end && (next === this.#quote || next === this.#escape)) pos++;
        else if (byte === this.#quote) quoted = false;
      } else if (byte === this.#quote) quoted = true;
      else if (byte === this.#delimiter || byte === newline) return pos;
    }
    throw new MalformedError("a row of COPY csv is cut off");
  }

  #isNull(bytes: Buffer, start: number, end: number): boolean {
    return end - start === this.#null.length && bytes.compare(this.#null, 0, this.#null.length, start, end) === 0;
  }

  #plain(bytes: Buffer, start: number, end: number): Buffer {
    if (bytes[start] !== this.#quote) return bytes.subarray(start, end);
    const plain = Buffer.allocUnsafe(end - start);
    let n = 0;
    for (let i = start + 1; i < end - 1; i++) {
      const next = bytes[i + 1];
      if (bytes[i] === this.#escape && i + 1 < end - 1 && (next === this.#quote || next === this.#escape)) i++;
      plain[n++] = bytes[i]!;
    }
    return plain.subarray(0, n);
  }

  #quoted(value: Buffer): Buffer {
    const bytes = [this.#quote];
    for (const byte of value) {
      if (byte === this.#quote || byte === this.#escape) bytes.push(this.#escape);
      bytes.push(byte);
    }
    bytes.push(this.#quote);
    return Buffer.from(bytes);
  }
}
