import type { ApprovalRequirement } from "../vocabulary/index.js";
import { reviewLimits } from "./limits.js";

/** Somebody whose approval counts, with today's groups. */
export interface Approver {
  readonly groups: readonly string[];
}

/** What of one requirement nobody stands for yet. */
export interface Unfilled {
  readonly count: number;
  readonly groups: readonly string[];
}

/**
 * Puts people into the places that the requirements of one rule have, each person into one at most, so that as many
 * places as possible are taken (augmenting paths, Kuhn 1955): whoever is in several groups stands where nobody else can.
 * Answers what is left open; nothing: the rule is met. A requirement that asks for nobody is never met, for it cannot
 * have been meant.
 */
export function unfilled(requirements: readonly ApprovalRequirement[], people: readonly Approver[]): Unfilled[] {
  const places = requirements.flatMap(({ count, groups }, requirement) =>
    Array.from({ length: Math.min(Math.max(1, count), reviewLimits.slots) }, () => ({ requirement, groups })),
  );
  /** Who stands in each place. */
  const taken = new Array<number | undefined>(places.length);

  function place(person: number, tried: Set<number>): boolean {
    for (const [at, { groups }] of places.entries()) {
      if (tried.has(at) || !people[person]!.groups.some((group) => groups.includes(group))) continue;
      tried.add(at);
      const before = taken[at];
      if (before !== undefined && !place(before, tried)) continue;
      taken[at] = person;
      return true;
    }
    return false;
  }

  for (const person of people.keys()) place(person, new Set());
  const open = requirements.map(({ groups }) => ({ count: 0, groups }));
  for (const [at, { requirement }] of places.entries()) if (taken[at] === undefined) open[requirement]!.count += 1;
  if (requirements.length === 0) return [{ count: 1, groups: [] }];
  return open.filter(({ count }) => count > 0);
}
