import { type CellMasker, passed } from "../../../masking/index.js";
import { MalformedError } from "../../../wire/index.js";
import type { RowBatch } from "../row-batch.js";
import type { CopyMasker } from "./copy-masker.js";

const signature = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");

/** Tuples of the binary format, behind its header. */
export class BinaryCopyMasker implements CopyMasker {
  readonly #columns: readonly (CellMasker | null)[];
  #header = true;
  #trailer = false;

  constructor(columns: readonly (CellMasker | null)[]) {
    this.#columns = columns;
  }

  mask(bytes: Buffer, at: number, length: number, batch: RowBatch): number {
    const end = at + length;
    let pos = at + 5;
    let kept = at;
    let masked = 0;
    const need = (n: number) => {
      if (pos + n > end) throw new MalformedError("a row of binary COPY is cut off");
    };
    batch.begin(bytes, at);
    if (this.#header) {
      need(signature.length + 8);
      if (bytes.compare(signature, 0, signature.length, pos, pos + signature.length) !== 0) {
        throw new MalformedError("binary COPY without its signature");
      }
      pos += signature.length + 4;
      const extension = bytes.readUInt32BE(pos);
      pos += 4;
      need(extension);
      pos += extension;
      this.#header = false;
    }
    while (pos < end) {
      if (this.#trailer) throw new MalformedError("binary COPY goes on behind its trailer");
      need(2);
      const count = bytes.readInt16BE(pos);
      pos += 2;
      if (count === -1) {
        this.#trailer = true;
        continue;
      }
      if (count !== this.#columns.length)
        throw new MalformedError("a row of binary COPY has a wrong number of columns");
      for (const masker of this.#columns) {
        need(4);
        const size = bytes.readInt32BE(pos);
        const before = pos;
        pos += 4;
        if (size < -1) throw new MalformedError("a value of an impossible length");
        if (size === -1) continue;
        need(size);
        pos += size;
        if (masker === null) continue;
        const value = masker(bytes, before + 4, pos);
        if (value === passed) continue;
        batch.keep(kept, before);
        batch.value(value, pos);
        kept = pos;
        masked++;
      }
    }
    batch.keep(kept, end);
    batch.end();
    return masked;
  }

  done(): void {
    if (!this.#trailer) throw new MalformedError("binary COPY without its trailer");
  }
}
