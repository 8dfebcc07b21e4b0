import type { Reading } from "./reading.js";

const counts = new Set(
  "length char_length character_length octet_length bit_length cardinality strpos position abs".split(" "),
);

/** A function whose result is never negative. Somebody's own function of that name may say anything. */
export function isCount(path: readonly string[], { index }: Reading): boolean {
  const name = path.at(-1) ?? "";
  return counts.has(name) && (path.length > 1 ? path[0] === "pg_catalog" : index.functionsNamed(name).length === 0);
}
