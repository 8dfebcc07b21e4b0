import { type CellMasker, passed } from "../../masking/index.js";
import type { ScanCells } from "./scan-cells.js";

/** Columns that a row can have. */
const maxFields = 1_700;
const maxDimensions = 6;
/** Rows in arrays in rows: deeper ones are hidden whole. */
const maxNesting = 16;

/** Rewrites a value in binary; undefined: it has not that form. */
export type Rewrite = (bytes: Buffer, start: number, end: number) => Buffer | null | undefined;

/** Rewriting of arrays and rows whose elements are looked at by `cells`. */
export function binaryForms(cells: ScanCells): { readonly array: Rewrite; readonly row: Rewrite } {
  let nesting = 0;
  const nested =
    (rewrite: Rewrite): Rewrite =>
    (bytes, start, end) => {
      if (nesting >= maxNesting) return null;
      nesting++;
      try {
        return rewrite(bytes, start, end);
      } finally {
        nesting--;
      }
    };
  return {
    array: nested((bytes, start, end) => rewriteArray(cells, bytes, start, end)),
    row: nested((bytes, start, end) => rewriteRow(cells, bytes, start, end)),
  };
}

/** Dimensions, a flag, the type of the elements, length and lower bound of each dimension, then each element behind its length. */
function rewriteArray(cells: ScanCells, bytes: Buffer, start: number, end: number): Buffer | null | undefined {
  if (end - start < 12) return undefined;
  const dimensions = bytes.readUInt32BE(start);
  const head = start + 12 + dimensions * 8;
  if (dimensions > maxDimensions || head > end || bytes.readUInt32BE(start + 4) > 1) return undefined;
  const masker = cells(bytes.readUInt32BE(start + 8), "binary");
  const elements = new Rewriter(bytes, start);
  for (let at = head; at < end; ) {
    const next = elements.value(at, end, masker);
    if (next === null) return undefined;
    at = next;
  }
  const out = elements.done(end);
  // The flag says that some may be NULL.
  if (out !== passed) out.writeUInt32BE(1, 4);
  return out;
}

/** How many fields, then of each its type, its length and its bytes. */
function rewriteRow(cells: ScanCells, bytes: Buffer, start: number, end: number): Buffer | null | undefined {
  if (end - start < 4) return undefined;
  const fields = bytes.readUInt32BE(start);
  if (fields > maxFields) return undefined;
  const row = new Rewriter(bytes, start);
  let at = start + 4;
  for (let i = 0; i < fields; i++) {
    if (at + 8 > end) return undefined;
    const next = row.value(at + 4, end, cells(bytes.readUInt32BE(at), "binary"));
    if (next === null) return undefined;
    at = next;
  }
  return at === end ? row.done(end) : undefined;
}

/** Copies what stays and puts in what is shown, with its length. */
class Rewriter {
  readonly #bytes: Buffer;
  readonly #out: Buffer[] = [];
  #kept: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#kept = start;
  }

  /** Looks at the value whose length stands at `at`; answers where it ends, null: nowhere inside. */
  value(at: number, end: number, masker: CellMasker | null): number | null {
    if (at + 4 > end) return null;
    const size = this.#bytes.readInt32BE(at);
    if (size === -1) return at + 4;
    const next = at + 4 + size;
    if (size < 0 || next > end) return null;
    const shown = masker === null ? passed : masker(this.#bytes, at + 4, next);
    if (shown !== passed) {
      const length = Buffer.alloc(4);
      length.writeInt32BE(shown?.length ?? -1);
      this.#out.push(this.#bytes.subarray(this.#kept, at), length, shown ?? passed);
      this.#kept = next;
    }
    return next;
  }

  done(end: number): Buffer {
    return this.#out.length === 0 ? passed : Buffer.concat([...this.#out, this.#bytes.subarray(this.#kept, end)]);
  }
}
