import type { Mask } from "../vocabulary/index.js";

/** What a partial mask shows: a value that looks like this was never anybody's e-mail, card or number. */
const partials = {
  email: /^.?\*\*\*@.?\*\*\*\.[A-Za-z]{2,6}$/u,
  card: /^\*\*\*\d{4}$/,
  phone: /^\*\*\*\d{2}$/,
  text: /^.\*\*\*.$/u,
} as const;

/** Whether a value looks as if it had been read through this mask. Methods that show something of the value's own form cannot be told. */
export function looksMasked(value: string, mask: Mask): boolean {
  switch (mask.method) {
    case "redact":
      return value === "***";
    case "partial":
      return value === "***" || partials[mask.as ?? "text"].test(value);
    case "hash":
      return /^[0-9a-f]{16}$/.test(value);
    case "fixed":
      return value === mask.value && value !== "";
    default:
      return false;
  }
}

/** Longer literals and values are no mask's. */
const maxLooked = 2_000;
/** Beyond this nobody typed it back. UTF-16 units. */
const maxText = 256 * 1024;

/**
 * The first value of a statement, written into it or bound to it, that looks like the output of one of these masks; null: none
 * does. Which literal goes to which column is not asked: that one statement writes to a masked column and holds its mask is enough.
 */
export function writtenBack(
  text: string,
  values: readonly (Uint8Array | null)[] | null,
  masks: readonly Mask[],
): string | null {
  const like = (value: string) => masks.some((mask) => looksMasked(value, mask));
  for (const value of values ?? []) {
    if (value === null || value.length > maxLooked) continue;
    const bound = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8");
    if (like(bound)) return bound;
  }
  if (text.length > maxText) return null;
  for (const [, literal = ""] of text.matchAll(/'((?:[^']|'')*)'/g)) {
    if (literal.length > maxLooked) continue;
    const plain = literal.replaceAll("''", "'");
    if (like(plain)) return plain;
  }
  return null;
}
