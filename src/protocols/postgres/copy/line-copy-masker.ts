import { type CellMasker, passed } from "../../../masking/index.js";
import { MalformedError } from "../../../wire/index.js";
import type { RowBatch } from "../row-batch.js";
import type { CopyMasker } from "./copy-masker.js";
import type { CopyOptions } from "./copy-options.js";

const newline = 0x0a;

/** Rows that are lines of fields: what text and csv have in common. How a field is written is the dialect's. */
export abstract class LineCopyMasker implements CopyMasker {
  protected readonly delimiter: number;
  protected readonly nullText: Buffer;
  /** Whether the last field that `fieldEnd` went over has escapes in it. */
  protected escaped = false;
  readonly #columns: readonly (CellMasker | null)[];
  /** Behind it every column passes. */
  readonly #last: number;
  readonly #format: string;
  #header: boolean;

  constructor(columns: readonly (CellMasker | null)[], options: CopyOptions) {
    this.delimiter = options.delimiter.charCodeAt(0);
    this.nullText = Buffer.from(options.nullText, "utf8");
    this.#columns = columns;
    this.#last = columns.findLastIndex((column) => column !== null);
    this.#format = options.format;
    this.#header = options.header;
  }

  mask(bytes: Buffer, at: number, length: number, batch: RowBatch): number {
    const columns = this.#columns;
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
        pos = this.fieldEnd(bytes, pos, end);
        if (pos >= end) throw this.#malformed("is cut off");
        if (column >= columns.length) throw this.#malformed("has too many columns");
        const masker = columns[column]!;
        if (masker !== null && !pass && !this.#isNull(bytes, start, pos)) {
          const value = this.masked(masker, bytes, start, pos);
          if (value !== passed) {
            batch.keep(kept, start);
            if (value === null) batch.raw(this.nullText, pos);
            else this.write(value, batch, pos);
            kept = pos;
            masked++;
          }
        }
        // The rest of the message is the rest of this row when the only newline ends it.
        if (column === this.#last && bytes.indexOf(newline, pos) === end - 1) {
          pos = end;
          column = columns.length;
          break;
        }
        column++;
        if (bytes[pos++] === newline) break;
      }
      if (column !== columns.length && !(columns.length === 0 && column === 1))
        throw this.#malformed("has too few columns");
    }
    batch.keep(kept, end);
    batch.end();
    return masked;
  }

  done(): void {}

  /** Where the field at `from` ends: at its delimiter or newline; `end` when neither comes. */
  protected abstract fieldEnd(bytes: Buffer, from: number, end: number): number;
  /** What the masker makes of the field's value. */
  protected abstract masked(masker: CellMasker, bytes: Buffer, start: number, end: number): Buffer | null;
  /** Writes a value as a field, in place of source bytes up to `read`. */
  protected abstract write(value: Buffer, batch: RowBatch, read: number): void;

  #isNull(bytes: Buffer, start: number, end: number): boolean {
    const text = this.nullText;
    if (end - start !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
    return true;
  }

  #malformed(what: string): MalformedError {
    return new MalformedError(`a row of COPY ${this.#format} ${what}`);
  }
}
