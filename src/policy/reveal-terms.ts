import type { Connection, HoldTerms, Subject, TokenForm } from "../vocabulary/index.js";
import { createLooked } from "./looked.js";
import { matches } from "./masked-columns.js";
import type { Situation } from "./policy.js";
import type { RequestRule, Rule } from "./rule.js";
import { concerns, noAnalysis } from "./scope.js";
import { testSelector } from "./selector.js";

/** A form in which the rules make tokens of a purpose. */
export interface TokenMaking {
  readonly rule: string;
  /** Of the columns; null: wherever values look like something. */
  readonly pattern: string | null;
  /** Undefined: as the value is. */
  readonly as: TokenForm | undefined;
  readonly lastFour: boolean;
}

/** See `PolicySet.revealTerms`. */
export function revealTerms(
  rules: readonly Rule[],
  subject: Subject,
  purpose: string,
  now: number,
): readonly HoldTerms[] | null {
  // Such a rule has no `where`, and a clock asks no connection.
  const connection = undefined as unknown as Connection;
  const situation: Situation = { subject, connection, analysis: noAnalysis, now };
  const looked = createLooked();
  const found = rules.filter(
    (rule): rule is RequestRule =>
      rule.kind === "request" &&
      rule.mode === "enforce" &&
      rule.reveals.includes(purpose) &&
      concerns(rule, situation) &&
      testSelector(rule.when, situation, looked) === "yes",
  );
  return found.length === 0 ? null : found.map(({ terms }) => terms);
}

/** See `PolicySet.tokenMakings`. */
export function tokenMakings(rules: readonly Rule[], purpose: string, column: string | null): readonly TokenMaking[] {
  const made: TokenMaking[] = [];
  for (const rule of rules) {
    if (rule.kind !== "mask") continue;
    const all = [...rule.masks, ...(rule.scan === null ? [] : [{ pattern: null, mask: rule.scan.mask }])];
    for (const { pattern, mask } of all) {
      if (mask.method !== "tokenize" || mask.purpose !== purpose) continue;
      if (column !== null && pattern !== null && !matches(pattern, column)) continue;
      made.push({ rule: rule.id, pattern, as: mask.as, lastFour: mask.lastFour === true });
    }
  }
  return made;
}
