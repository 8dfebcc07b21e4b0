import { isUtf8 } from "node:buffer";
import type { Mask } from "../vocabulary/index.js";
import { keyedHash, partials } from "./cell.js";
import { partialEmailCell } from "./cell-email.js";
import { hidden, maxPartial } from "./partial.js";
import { tokenize } from "./tokens/token.js";

/** What a masker answers for a cell that stays as it is: compare by identity. */
export const passed: Buffer = Buffer.alloc(0);

/**
 * Masks one cell of text in UTF-8 or any encoding that holds ASCII. Answers NULL as null, and `passed` for
 * a cell that stays (only maskers that look for values do). What it answers may be the same
 * buffer again and again: copy it, never write to it.
 */
export type CellMasker = (bytes: Buffer, start: number, end: number) => Buffer | null;

const redacted = Buffer.from(hidden, "ascii");

/** `maskText` on bytes, for a column of a million rows: nothing is decoded where the method does not look at the value. */
export function createCellMasker(mask: Mask, key: Buffer): CellMasker {
  switch (mask.method) {
    case "redact":
      return () => redacted;
    case "null":
      return () => null;
    case "fixed": {
      const value = Buffer.from(mask.value, "utf8");
      return () => value;
    }
    case "hash":
      return (bytes, start, end) => Buffer.from(keyedHash(key, bytes.subarray(start, end)), "ascii");
    case "tokenize":
      // What is not UTF-8 is told apart by its bytes alone.
      return (bytes, start, end) => {
        const cell = bytes.subarray(start, end);
        return Buffer.from(tokenize(mask, cell.toString(isUtf8(cell) ? "utf8" : "latin1"), key), "utf8");
      };
    case "partial":
      return partialMasker(mask.as ?? "text");
  }
}

function partialMasker(as: keyof typeof partials): CellMasker {
  const partial = partials[as];
  const byText: CellMasker = (bytes, start, end) => {
    const length = end - start;
    if (length > longest[as]) return as === "text" ? ends(bytes, start, end) : redacted;
    const shown = isAscii(bytes, start, end)
      ? partial(bytes.toString("latin1", start, end))
      : // What is not UTF-8 cannot be cut into characters, nor shown in the encoding that it came in.
        isUtf8(bytes.subarray(start, end))
        ? partial(bytes.toString("utf8", start, end))
        : hidden;
    return shown === hidden ? redacted : Buffer.from(shown, "utf8");
  };
  // The mask that is used most, on the cells that there are most of.
  return as === "email"
    ? (bytes, start, end) => partialEmailCell(bytes, start, end) ?? byText(bytes, start, end)
    : byText;
}

/** Bytes past which a value is hidden whole, or only its ends are looked at. A character has four bytes at most. */
const longest = { email: 4 * maxPartial, card: 64, phone: 64, text: 256 } as const;

/** The first and last character of a text long enough to show them, without a look at what lies between. */
function ends(bytes: Buffer, start: number, end: number): Buffer {
  let last = end - 1;
  while (last > end - 4 && (bytes[last]! & 0xc0) === 0x80) last--;
  const first = start + lengthByLead(bytes[start]!);
  const head = bytes.subarray(start, first);
  const tail = bytes.subarray(last, end);
  return isUtf8(head) && isUtf8(tail) ? Buffer.concat([head, redacted, tail]) : redacted;
}

function lengthByLead(byte: number): number {
  if (byte < 0x80) return 1;
  return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 0x7f) return false;
  return true;
}
