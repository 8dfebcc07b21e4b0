import type { Mask, PositionMask } from "../vocabulary/index.js";
import type { RankedMask } from "./patterns.js";
import type { PlanInput } from "./plan.js";
import type { Sensitivity } from "./sensitivity.js";
import { stricter } from "./stricter.js";

type Result = NonNullable<NonNullable<PlanInput["results"]>[number]>;
type Source = Result[number]["sources"][number];

const redact: Mask = Object.freeze({ method: "redact" });

/**
 * What is masked at each position of each result, by what its values can come from.
 *
 * @param unresolved whether a source of that name, of which nobody knows the relation, may show what must be masked
 */
export function resultMasks(
  results: NonNullable<PlanInput["results"]>,
  sensitivity: Sensitivity,
  unresolved: (name: string) => boolean,
): readonly (readonly PositionMask[] | null)[] {
  return results.map((result) => result?.map((column) => position(column, sensitivity, unresolved)) ?? null);
}

function position(
  { sources, plain }: Result[number],
  sensitivity: Sensitivity,
  unresolved: (name: string) => boolean,
): PositionMask {
  let mask: Mask | null = null;
  const origins = new Set<string>();
  for (const source of sources) {
    const { relation, name, kind } = source;
    mask = stricter(
      mask,
      relation === null ? (unresolved(name) ? redact : null) : maskOf(source, relation, sensitivity),
    );
    const key = relation === null || kind !== "own" ? null : sensitivity.keyOf(relation, name);
    if (key !== null) origins.add(key);
  }
  return { mask, origins, named: plain };
}

function maskOf({ name, kind, via }: Source, relation: number, sensitivity: Sensitivity): Mask | null {
  // A view's own rule counts beside those of what it is made of; a system relation is known by its columns' names.
  const known = via || sensitivity.isProven(relation) || sensitivity.isListedSystem(relation);
  if (!known) return sensitivity.showsColumn(relation, name) ? redact : null;
  // A column that the catalogue does not have: a newer name of one that it has.
  const all = sensitivity.masksIn(relation);
  if (name === "*" || !sensitivity.hasColumn(relation, name)) return all.size > 0 ? redact : null;
  const ranked = all.get(name);
  if (ranked === undefined) return null;
  return kind === "own" ? ranked.mask : isShown(kind, ranked) ? null : redact;
}

/** Whether how many values there are, or how many different ones, may be seen. */
function isShown(kind: Source["kind"], { counts, mask }: RankedMask): boolean {
  if (kind === "presence") return counts !== "mask" && mask.method !== "null";
  return kind === "distinct" && counts === "allow";
}
