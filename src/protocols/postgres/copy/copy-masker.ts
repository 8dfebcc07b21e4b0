import { type CellMasker, createCellMasker } from "../../../masking/index.js";
import type { MaskPlan } from "../../../vocabulary/index.js";
import { maskOf, masksOf, typeOf } from "../masking.js";
import { agreeing } from "../result-positions.js";
import type { RowBatch } from "../row-batch.js";
import type { ScanCells } from "../scan-cells.js";
import type { TextCodec } from "../session/text.js";
import type { ColumnOrigin } from "../statements.js";
import { typedCellMasker } from "../typed-cells.js";
import { BinaryCopyMasker } from "./binary-copy-masker.js";
import { readCopyOptions } from "./copy-options.js";
import { CsvCopyMasker } from "./csv-copy-masker.js";
import { TextCopyMasker } from "./text-copy-masker.js";

/** Masks the CopyData messages of one `COPY … TO STDOUT`, each of which holds whole rows. */
export interface CopyMasker {
  /** Writes the CopyData at `bytes[at … at + length)` to the batch, masked. Answers how many cells were. */
  mask(bytes: Buffer, at: number, length: number, batch: RowBatch): number;
  /** CopyDone came: throws when a row is cut off. */
  done(): void;
}

export interface CopyToMask {
  readonly text: string;
  readonly binary: boolean;
  /** Columns by CopyOutResponse. */
  readonly count: number;
  /** Where they come from; null: as the plan says, without types. */
  readonly columns: readonly ColumnOrigin[] | null;
  readonly plan: MaskPlan;
  readonly key: Buffer;
  readonly codec: TextCodec;
  /** Looks for values in columns that no rule masks; null: nothing is looked for. */
  readonly scan?: ScanCells | null | undefined;
}

/** Null: every column passes. `unreadable`: it cannot be split into columns, so it must not pass. */
export function createCopyMasker(copy: CopyToMask): CopyMasker | null | "unreadable" {
  const origins = copy.columns ?? (copy.plan.copy ?? []).map(originFrom);
  const maskers: (CellMasker | null)[] = [];
  const told = origins.length === copy.count;
  const positions = told ? agreeing(origins, copy.plan, 0) : null;
  const masks = told ? masksOf(origins, copy.plan, 0) : [];
  for (let i = 0; i < copy.count; i++) {
    const known = told ? origins[i]! : unknownOrigin;
    // A column of which nobody can say what it is never passes under a plan.
    const proven = positions !== null || (known.tableId !== 0 && known.columnNumber > 0);
    const mask = (told ? masks[i]! : maskOf(known, copy.plan)) ?? (proven ? null : redact);
    if (mask === null || (mask === redact && copy.plan.scan?.alone === true)) {
      // The text form of a type that nobody told is looked at as a text.
      maskers.push(copy.scan?.(known.typeId, copy.binary ? "binary" : "text") ?? null);
    } else if (known.typeId === 0 && !copy.binary) maskers.push(createCellMasker(mask, copy.key));
    else {
      const type = typeOf(known.typeId, copy.plan);
      maskers.push(typedCellMasker(mask, type, copy.binary ? "binary" : "text", copy.key));
    }
  }
  if (maskers.every((masker) => masker === null)) return null;
  const options = readCopyOptions(copy.text);
  if (options === null || (options.format === "binary") !== copy.binary) return "unreadable";
  if (copy.binary) return new BinaryCopyMasker(maskers);
  return options.format === "csv" ? new CsvCopyMasker(maskers, options) : new TextCopyMasker(maskers, options);
}

const redact = { method: "redact" } as const;
const unknownOrigin: ColumnOrigin = { tableId: 0, columnNumber: 0, typeId: 0 };

function originFrom(key: string): ColumnOrigin {
  const [tableId, columnNumber] = key.split(".").map(Number);
  return { tableId: tableId ?? 0, columnNumber: columnNumber ?? 0, typeId: 0 };
}
