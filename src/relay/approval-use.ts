import type { Decision } from "../policy/policy.js";
import type { ExpectedEffect } from "../protocol/index.js";
import type { Held } from "../reviews/desk.js";
import type { HoldTerms, HoopError } from "../vocabulary/index.js";
import { type Approval, approvedDecision } from "./approved.js";
import type { Binding } from "./binding.js";
import type { Considered, Standing } from "./considered.js";
import { type Refused, refused } from "./held-words.js";

/** A review that one ask waits for. */
export interface Review {
  readonly held: Held;
  readonly binding: Binding;
  readonly terms: readonly HoldTerms[];
  approved: Approval | null;
}

/** How an ask goes on under an approval that was used up for it. */
export interface ApprovedRun {
  readonly decision: Decision;
  /** Null: it was no longer needed. */
  readonly standing: Standing | null;
  readonly expects?: ExpectedEffect | undefined;
}

/**
 * What an approval is worth once it is used up, by the rules as they are `now`: in the meantime somebody may have been denied what
 * it was for. `expects`: what its run is held to; a text: why to nothing.
 */
export function runApproved(
  now: Considered,
  { held: { id }, terms, binding }: Review,
  approval: Approval,
  nonce: string,
  expects: ExpectedEffect | string | undefined,
): ApprovedRun | Refused {
  const { verdict } = now.decision;
  if (verdict.outcome === "deny") return verdict;
  if (now.unmaskable !== null) return { reasons: now.unmaskable };
  if (verdict.outcome === "allow") return { decision: now.decision, standing: null };
  if (verdict.outcome === "challenge" || !sameRules(verdict.holds ?? [], terms))
    return refused(terms, "review-changed", `the rules changed as review ${id} was used`, "Run it again.");
  const uncompared = typeof expects === "string" ? expects : null;
  return {
    decision: approvedDecision(now.decision, approval, uncompared),
    standing: { core: binding.core, nonce, approval },
    expects: typeof expects === "string" ? undefined : expects,
  };
}

export function notUsable({ held: { id, link }, terms }: Review): Refused {
  return refused(
    terms,
    "review-not-usable",
    `the approval of review ${id} can no longer be used`,
    `Run it again to ask anew. See ${link}`,
  );
}

export function unavailable(terms: readonly HoldTerms[], error: HoopError): Refused {
  const code = error.code === "limited" ? "review-limited" : "review-unavailable";
  return refused(terms, code, `this waits for approval, and ${error.message}`, error.hint);
}

function sameRules(a: readonly HoldTerms[], b: readonly HoldTerms[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
