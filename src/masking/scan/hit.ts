import type { Mask } from "../../vocabulary/index.js";

/** A value that was found: where it stands, what it is, and what is shown instead. */
export interface Hit {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  readonly mask: Mask;
}

const redact: Mask = { method: "redact" };

/**
 * Hits in order and apart from each other. One inside of another is part of it; two that overlap hide all that they cover
 * together, for no rule says how half of each would look.
 *
 * @param hits Those of more weight first: of two for the very same place the first one counts.
 */
export function apart(hits: Hit[]): readonly Hit[] {
  if (hits.length < 2) return hits;
  const order = new Map(hits.map((hit, rank) => [hit, rank]));
  hits.sort((a, b) => a.start - b.start || b.end - a.end || order.get(a)! - order.get(b)!);
  const kept: Hit[] = [];
  for (const hit of hits) {
    const last = kept[kept.length - 1];
    if (last === undefined || hit.start >= last.end) kept.push(hit);
    else if (hit.end > last.end) kept[kept.length - 1] = { ...last, end: hit.end, mask: redact };
  }
  return kept;
}
