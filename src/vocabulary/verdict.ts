import type { RuleId } from "./ids.js";

/** One reason of a verdict: which rule, a code that machines read, and a sentence for people. */
export interface Reason {
  readonly rule: RuleId | null;
  readonly code: string;
  readonly text: string;
}

export type Outcome = "allow" | "deny" | "hold" | "challenge";

/** What policy says of one statement. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  /** The rule set's version that decided. */
  readonly policyVersion: string;
}
