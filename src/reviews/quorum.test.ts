import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApprovalRequirement } from "../vocabulary/index.js";
import { type Approver, unfilled } from "./quorum.js";

const groups = ["dba", "security", "legal", "ops"];
const someGroups = fc.uniqueArray(fc.constantFrom(...groups), { maxLength: 3 });
const requirement: fc.Arbitrary<ApprovalRequirement> = fc.record({
  count: fc.integer({ min: 1, max: 2 }),
  groups: fc.uniqueArray(fc.constantFrom(...groups), { minLength: 1, maxLength: 3 }),
});
const people: fc.Arbitrary<Approver[]> = fc.array(fc.record({ groups: someGroups }), { maxLength: 5 });

/** Most places that can be taken, by trying every way to put people into places. */
function mostTaken(requirements: readonly ApprovalRequirement[], approvers: readonly Approver[]): number {
  const places = requirements.flatMap(({ count, groups: of }) => Array.from({ length: count }, () => of));
  const best = (person: number, free: ReadonlySet<number>): number => {
    if (person === approvers.length) return 0;
    let most = best(person + 1, free);
    for (const place of free) {
      if (!approvers[person]!.groups.some((group) => places[place]!.includes(group))) continue;
      most = Math.max(most, 1 + best(person + 1, new Set([...free].filter((other) => other !== place))));
    }
    return most;
  };
  return best(0, new Set(places.keys()));
}

const open = (requirements: readonly ApprovalRequirement[], approvers: readonly Approver[]) =>
  unfilled(requirements, approvers).reduce((sum, { count }) => sum + count, 0);

describe("quorum", () => {
  test("takes as many places as any way of placing people can", () => {
    fc.assert(
      fc.property(fc.array(requirement, { minLength: 1, maxLength: 3 }), people, (requirements, approvers) => {
        const places = requirements.reduce((sum, { count }) => sum + count, 0);
        expect(open(requirements, approvers)).toBe(places - mostTaken(requirements, approvers));
      }),
      { numRuns: 1_000 },
    );
  });

  test("one more approval never leaves more open, and nobody fills two places", () => {
    fc.assert(
      fc.property(
        fc.array(requirement, { minLength: 1, maxLength: 3 }),
        people,
        someGroups,
        (needs, approvers, own) => {
          const [before, after] = [open(needs, approvers), open(needs, [...approvers, { groups: own }])];
          expect(before - after === 0 || before - after === 1).toBe(true);
        },
      ),
    );
  });

  test("somebody in both groups makes room for who is in one only", () => {
    const needs = [
      { count: 1, groups: ["dba"] },
      { count: 1, groups: ["security"] },
    ];
    const both = { groups: ["dba", "security"] };
    expect(unfilled(needs, [both])).toHaveLength(1);
    expect(unfilled(needs, [both, { groups: ["dba"] }])).toEqual([]);
    expect(unfilled(needs, [both, { groups: ["security"] }])).toEqual([]);
    expect(unfilled(needs, [{ groups: ["dba"] }, { groups: ["dba"] }])).toEqual([{ count: 1, groups: ["security"] }]);
  });

  test("what asks for nobody, or for no approval, is never met", () => {
    expect(unfilled([], [{ groups }])).toHaveLength(1);
    expect(unfilled([{ count: 0, groups: ["dba"] }], [])).toEqual([{ count: 1, groups: ["dba"] }]);
    expect(unfilled([{ count: 1, groups: [] }], [{ groups }])).toEqual([{ count: 1, groups: [] }]);
  });
});
