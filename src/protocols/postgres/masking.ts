import { type CellMasker, passed } from "../../masking/index.js";
import type { Mask, MaskPlan } from "../../vocabulary/index.js";
import { MalformedError } from "../../wire/index.js";
import type { FieldDescription } from "./codec/backend.js";
import { agreeing } from "./result-positions.js";
import type { RowBatch } from "./row-batch.js";
import type { ScanCells } from "./scan-cells.js";
import type { ColumnOrigin } from "./statements.js";
import { typedCellMasker } from "./typed-cells.js";

/** The mask for a column of this origin; null: it passes. */
export function maskOf(
  { tableId, columnNumber }: Pick<ColumnOrigin, "tableId" | "columnNumber">,
  plan: MaskPlan,
): Mask | null {
  // A column number below one is a system column or a whole row: nothing that the plan could have proven.
  if (tableId !== 0 && columnNumber > 0 && plan.proven.has(String(tableId))) {
    return plan.columns.get(`${tableId}.${columnNumber}`) ?? null;
  }
  const known = plan.columns.get(`${tableId}.${columnNumber}`);
  return plan.others ?? known ?? null;
}

/**
 * The masks of a result's columns. A plain column of a proven relation is known by its origin; what else stands where is known
 * by the plan's positions, as far as the server's description bears them out.
 */
export function masksOf(
  fields: readonly Pick<ColumnOrigin, "tableId" | "columnNumber">[],
  plan: MaskPlan,
  statement: number,
): (Mask | null)[] {
  const positions = agreeing(fields, plan, statement);
  return fields.map((field, at) => {
    if (positions === null || isProven(field, plan)) return maskOf(field, plan);
    return positions[at]!.mask;
  });
}

const text = 25;

/** A type that goes in and out as text does is masked as text. */
export function typeOf(typeId: number, plan: MaskPlan): number {
  return plan.textTypes?.has(typeId) === true ? text : typeId;
}

function isProven({ tableId, columnNumber }: Pick<ColumnOrigin, "tableId" | "columnNumber">, plan: MaskPlan): boolean {
  return tableId !== 0 && columnNumber > 0 && plan.proven.has(String(tableId));
}

/** Relations named by these fields that the plan does not know. */
export function unknownRelations(fields: readonly FieldDescription[], plan: MaskPlan, statement: number): string[] {
  // What is only looked for in values does not depend on where they come from.
  if (plan.scan?.alone === true || agreeing(fields, plan, statement) !== null) return [];
  const unknown = new Set<string>();
  for (const { tableId } of fields)
    if (tableId !== 0 && !plan.proven.has(String(tableId))) unknown.add(String(tableId));
  return [...unknown];
}

/** Masks rows of one shape. */
export class RowMasker {
  readonly #columns: readonly (CellMasker | null)[];
  /** Behind it every column passes. */
  readonly #last: number;

  constructor(columns: readonly (CellMasker | null)[]) {
    this.#columns = columns;
    this.#last = columns.findLastIndex((column) => column !== null);
  }

  /** Writes the DataRow at `bytes[at … at + length)` to the batch, masked. Answers how many cells were. */
  mask(bytes: Buffer, at: number, length: number, batch: RowBatch): number {
    const columns = this.#columns;
    const end = at + length;
    if (length < 7 || bytes.readUInt16BE(at + 5) !== columns.length) {
      throw new MalformedError("a row has not the columns that were announced");
    }
    batch.begin(bytes, at);
    let pos = at + 7;
    let kept = at;
    let masked = 0;
    for (let i = 0; i <= this.#last; i++) {
      if (pos + 4 > end) throw new MalformedError("a row is shorter than its columns");
      const size = (bytes[pos]! << 24) | (bytes[pos + 1]! << 16) | (bytes[pos + 2]! << 8) | bytes[pos + 3]!;
      const start = pos + 4;
      const next = size < 0 ? start : start + size;
      if (next > end || size < -1) throw new MalformedError("a value is longer than its row");
      const masker = columns[i]!;
      if (masker !== null && size >= 0) {
        const value = masker(bytes, start, next);
        if (value !== passed) {
          batch.keep(kept, pos);
          batch.value(value, next);
          kept = next;
          masked++;
        }
      }
      pos = next;
    }
    // Bytes of no column would pass with the rest.
    if (pos < end && this.#last === columns.length - 1) throw new MalformedError("a row is longer than its columns");
    batch.keep(kept, end);
    batch.end();
    return masked;
  }
}

/** A masker for these fields; null: every column passes. */
export function createRowMasker(
  fields: readonly FieldDescription[],
  plan: MaskPlan,
  key: Buffer,
  statement = 0,
  scan: ScanCells | null = null,
): RowMasker | null {
  const masks = masksOf(fields, plan, statement);
  const columns = fields.map((field, at) => {
    const mask = masks[at]!;
    const format = field.format === 1 ? "binary" : "text";
    if (mask === null) return scan?.(field.typeId, format) ?? null;
    return typedCellMasker(mask, typeOf(field.typeId, plan), format, key);
  });
  return columns.every((column) => column === null) ? null : new RowMasker(columns);
}
