import type { CellMasker } from "../../../masking/index.js";
import { MalformedError } from "../../../wire/index.js";
import type { RowBatch } from "../row-batch.js";
import type { CopyMasker } from "./copy-masker.js";
import type { CopyOptions } from "./copy-options.js";

const newline = 0x0a;
const backslash = 0x5c;

/** Rows of the text format: backslash escapes, one delimiter byte, newline. */
export class TextCopyMasker implements CopyMasker {
  readonly #columns: readonly (CellMasker | null)[];
  readonly #delimiter: number;
  readonly #null: Buffer;
  /** Behind it every column passes. */
  readonly #last: number;
  #header: boolean;

  constructor(columns: readonly (CellMasker | null)[], options: CopyOptions) {
    this.#columns = columns;
    this.#last = columns.findLastIndex((column) => column !== null);
    this.#delimiter = options.delimiter.charCodeAt(0);
    this.#null = Buffer.from(options.nullText, "utf8");
    this.#header = options.header;
  }

  mask(bytes: Buffer, at: number, length: number, batch: RowBatch): number {
    const end = at + length;
    const delimiter = this.#delimiter;
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
        let escaped = false;
        while (pos < end && bytes[pos] !== delimiter && bytes[pos] !== newline) {
          if (bytes[pos] === backslash) {
            escaped = true;
            pos++;
          }
          pos++;
        }
        if (pos >= end) throw new MalformedError("a row of COPY text is cut off");
        if (column >= this.#columns.length) throw new MalformedError("a row of COPY text has too many columns");
        const masker = this.#columns[column]!;
        if (masker !== null && !pass && !this.#isNull(bytes, start, pos)) {
          batch.keep(kept, start);
          batch.raw(this.#cell(masker, bytes, start, pos, escaped), pos);
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
        throw new MalformedError("a row of COPY text has too few columns");
      }
    }
    batch.keep(kept, end);
    batch.end();
    return masked;
  }

  done(): void {}

  #isNull(bytes: Buffer, start: number, end: number): boolean {
    return end - start === this.#null.length && bytes.compare(this.#null, 0, this.#null.length, start, end) === 0;
  }

  #cell(masker: CellMasker, bytes: Buffer, start: number, end: number, escaped: boolean): Buffer {
    const plain = escaped ? unescapeCell(bytes, start, end) : null;
    const value = plain === null ? masker(bytes, start, end) : masker(plain, 0, plain.length);
    return value === null ? this.#null : escapeCell(value, this.#delimiter);
  }
}

const escapes = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x76, 0x0b],
]);
const letters = new Map([...escapes].map(([letter, byte]) => [byte, letter]));

function unescapeCell(bytes: Buffer, start: number, end: number): Buffer {
  const plain = Buffer.allocUnsafe(end - start);
  let n = 0;
  for (let i = start; i < end; i++) {
    let byte = bytes[i]!;
    if (byte === backslash && i + 1 < end) {
      byte = bytes[++i]!;
      byte = escapes.get(byte) ?? byte;
    }
    plain[n++] = byte;
  }
  return plain.subarray(0, n);
}

function escapeCell(value: Buffer, delimiter: number): Buffer {
  const special = (byte: number) => byte === backslash || byte === delimiter || letters.has(byte);
  if (!value.some(special)) return value;
  const bytes: number[] = [];
  for (const byte of value) {
    if (special(byte)) bytes.push(backslash, letters.get(byte) ?? byte);
    else bytes.push(byte);
  }
  return Buffer.from(bytes);
}
