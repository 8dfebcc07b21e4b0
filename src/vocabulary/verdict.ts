import type { RuleId } from "./ids.js";

/** One reason of a verdict: which rule, a code that machines read, and a sentence for people. */
export interface Reason {
  readonly rule: RuleId | null;
  readonly code: string;
  readonly text: string;
}

export type Outcome = "allow" | "deny" | "hold" | "challenge";

/** So many different people of these groups; one person counts once within a rule, in whichever group. */
export interface ApprovalRequirement {
  readonly count: number;
  readonly groups: readonly string[];
}

/** What a rule that holds asks for before the statement, or the access, may go ahead. */
export interface HoldTerms {
  readonly rule: RuleId;
  /** All of them, by different people: nobody stands for two. Never the requester. */
  readonly approvals: readonly ApprovalRequirement[];
  /** An undecided review ends after this. */
  readonly expiresMs: number;
  /** How long an approval may be used for the very same statement, e.g. by a client that was disconnected meanwhile. */
  readonly useWithinMs: number;
  /** Whether a reviewer must say why. */
  readonly reasonRequired: boolean;
  /** Whether it may wait while its transaction has written or may hold locks; else it is refused with a retryable error. */
  readonly inTransaction: "refuse" | "wait";
  /** Whether reviewers see what it would do, tried out and rolled back. */
  readonly rehearse: boolean;
  /** Who may go ahead without approval, loudly; empty: nobody. */
  readonly breakGlass: readonly string[];
  /** Whom to tell when nobody has decided for so long; they may approve as well. */
  readonly escalate: { readonly afterMs: number; readonly groups: readonly string[] } | null;
}

/** What a rule that challenges asks for: a second factor, answered lately enough. */
export interface ChallengeTerms {
  readonly rule: RuleId;
  /** Milliseconds for which an answer counts, per subject and connection. */
  readonly freshMs: number;
  /** How long the client waits for it. */
  readonly expiresMs: number;
}

/** What policy says of one statement. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  /** The rule set's version that decided. */
  readonly policyVersion: string;
  /** With `hold`: the terms of every rule that holds; all must be met. */
  readonly holds?: readonly HoldTerms[];
  /** With `challenge`: all must be met. A statement that is challenged and held is challenged first, and decided again. */
  readonly challenges?: readonly ChallengeTerms[];
}
