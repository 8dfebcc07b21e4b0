import type { Mask } from "../vocabulary/index.js";

const redact: Mask = Object.freeze({ method: "redact" });

/** How much a method hides; what hides more comes later. */
const hides: readonly Mask["method"][] = ["partial", "hash", "tokenize", "fixed", "redact", "null"];

/**
 * The mask for a value that may be of either column. Null masks nothing. Of one method in two ways neither may be right for the
 * other's values: they are hidden whole.
 */
export function stricter(a: Mask | null, b: Mask | null): Mask | null {
  if (a === null || b === null) return a ?? b;
  if (a.method !== b.method) return hides.indexOf(a.method) > hides.indexOf(b.method) ? a : b;
  return JSON.stringify(a) === JSON.stringify(b) ? a : redact;
}
