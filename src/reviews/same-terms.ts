import type { HoldTerms } from "../vocabulary/index.js";

/** Whether two rules' lists ask for the same: an approval under other rules is none. */
export function sameTerms(one: readonly HoldTerms[], other: readonly HoldTerms[]): boolean {
  const sorted = (terms: readonly HoldTerms[]) => terms.map((each) => JSON.stringify(sortedKeys(each))).sort();
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

/** A store does not keep the order of an object's keys. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  );
}
