import type { ColumnMask, Connection, Mask, ScanRule, Subject } from "../vocabulary/index.js";
import type { Exemption } from "./documents/exemption.js";
import { createLooked, type Looked } from "./looked.js";
import type { PolicySet, Situation } from "./policy.js";
import type { MaskRule } from "./rule.js";
import { noAnalysis, type Scope } from "./scope.js";
import { testSelector } from "./selector.js";

/** Combinations of mask rules kept in order; more subjects than combinations share them. */
const maxCombinations = 1024;

/**
 * Finds the masks of a scope. Equal combinations of rules give the very same array, so that whoever compiles the patterns
 * can keep the result by identity.
 */
export function createMasksFor(): (
  scope: Scope,
  subject: Subject,
  connection: Connection,
  now: number,
  purpose?: string | null,
) => ReturnType<PolicySet["masksFor"]> {
  const combinations = new Map<string, Combination>();
  return (scope, subject, connection, now, purpose = null) => {
    const looked = createLooked();
    const situation: Situation = { subject, connection, analysis: noAnalysis, now };
    // A mask that may be due is due.
    const due = scope.masks.filter(
      (rule) =>
        (rule.when === null || testSelector(rule.when, situation, looked) !== "no") &&
        !rule.exempt.some((exemption) => isExempt(exemption, situation, purpose, looked)),
    );
    const key = due.map((rule) => rule.id).join();
    let combination = combinations.get(key);
    if (!combination) {
      combination = { masks: Object.freeze(inOrder(due)), scans: Object.freeze(scansOf(due)) };
      if (combinations.size >= maxCombinations) combinations.clear();
      combinations.set(key, combination);
    }
    return { ...combination, dependsOn: looked.all };
  };
}

interface Combination {
  readonly masks: readonly ColumnMask[];
  readonly scans: readonly ScanRule[];
}

/** All that the exemption says must hold for sure. */
function isExempt(
  { who, purpose: purposes, until, when }: Exemption,
  situation: Situation,
  purpose: string | null,
  looked: Looked,
): boolean {
  if (testSelector(who, situation, looked) !== "yes") return false;
  if (purposes !== undefined && (purpose === null || !purposes.includes(purpose.toLowerCase()))) return false;
  if (until !== undefined) {
    looked.add("clock");
    if (situation.now >= until) return false;
  }
  return when === undefined || testSelector(when, situation, looked) === "yes";
}

/** The method that shows least first: where two rules look for the same, it counts. */
function scansOf(rules: readonly MaskRule[]): ScanRule[] {
  return rules
    .flatMap(({ scan }) => scan ?? [])
    .sort((a, b) => hides[b.mask.method] - hides[a.mask.method] || (a.rule < b.rule ? -1 : 1));
}

/** Most specific pattern first; of equally specific ones the method that shows least; then by name, so that it is stable. */
function inOrder(rules: readonly MaskRule[]): ColumnMask[] {
  return rules
    .flatMap((rule) => rule.masks)
    .map((mask) => ({ mask, rank: rankOf(mask) }))
    .sort((a, b) => {
      for (let i = 0; i < a.rank.length; i++) {
        if (a.rank[i] !== b.rank[i]) return b.rank[i]! - a.rank[i]!;
      }
      return a.mask.rule < b.mask.rule ? -1 : a.mask.rule > b.mask.rule ? 1 : 0;
    })
    .map(({ mask }) => mask);
}

const hides: Readonly<Record<Mask["method"], number>> = {
  null: 5,
  redact: 4,
  fixed: 3,
  tokenize: 2,
  hash: 1,
  partial: 0,
};

function rankOf({ pattern, mask }: ColumnMask): readonly number[] {
  const parts = pattern.split(".");
  const literal = (part: string | undefined) => (part !== undefined && !part.includes("*") ? 1 : 0);
  const letters = pattern.replaceAll(/[*.]/g, "").length;
  // Parts without a wildcard first, then how much is spelled out.
  return [literal(parts[0]) + literal(parts[1]) + literal(parts[2]), letters, hides[mask.method]];
}
