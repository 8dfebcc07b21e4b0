import type { ChallengeTerms, HoldTerms, Reason, Verdict } from "../vocabulary/index.js";
import { allowingRule } from "./allowing-rule.js";
import { settleBudgets } from "./budgets.js";
import { type Caught, catchWith } from "./catch.js";
import { grantFor } from "./grants.js";
import { createLooked, type Looked } from "./looked.js";
import type { Decision, Situation } from "./policy.js";
import { accessMiss, accessYes, estimateNeeded, noAccess, requestable } from "./reasons.js";
import type { Scope } from "./scope.js";
import { watchShadows } from "./shadows.js";
import type { Sight } from "./sight.js";

/** Reasons told of one refusal; a policy with a thousand guards need not recite them. */
export const maxReasons = 8;

/**
 * A guard that denies wins over every allow; then one access rule, or a grant, must cover the statement alone; then budgets,
 * challenges and holds. What stays refused is never challenged or held. A guard that cannot tell catches as well, yet its
 * reason comes last: that nothing allows what could not be read says more.
 */
export function decide(scope: Scope, situation: Situation, version: string): Decision {
  const sight = scope.sight(situation);
  const kept = settledFor(sight, situation);
  if (kept) return kept;
  const looked = createLooked();
  const { verdict, ...more } = judge(scope, sight, situation, looked);
  const decision: Decision = { verdict: { ...verdict, policyVersion: version }, ...more, dependsOn: looked.all };
  settle(sight, decision, situation);
  return decision;
}

/** Rules know time by the minute. */
const minuteOf = (now: number): number => Math.floor(now / 60_000);

function settledFor({ settled, minute }: Sight, { now, grants }: Situation): Decision | null {
  if (settled === null || (minute !== null && minute !== minuteOf(now))) return null;
  // A denial that was settled when nothing had been granted says nothing about a grant.
  return settled.verdict.outcome === "deny" && grants !== undefined ? null : settled;
}

function settle(sight: Sight, decision: Decision, { now, grants }: Situation): void {
  const { dependsOn } = decision;
  const timed = dependsOn.has("clock");
  if (dependsOn.size > (timed ? 2 : 1)) return;
  // Grants begin and end at any moment.
  if (timed && grants !== undefined && grants.length > 0) return;
  sight.settled = decision;
  sight.minute = timed ? minuteOf(now) : null;
}

type Judged = Omit<Decision, "dependsOn" | "verdict"> & { readonly verdict: Omit<Verdict, "policyVersion"> };

function judge(scope: Scope, sight: Sight, situation: Situation, looked: Looked): Judged {
  const caught = catchWith(sight.guards, situation, looked);
  if (caught.denied) return denied(caught.denied);

  const allowing = allowingReason(scope, sight, situation, looked);
  if (allowing === null) {
    // With a guard that cannot tell, no further access rule would help.
    const judged = denied(missReasons(scope, sight, situation));
    return withShadows(scope, sight, situation, looked, judged, caught, caught.unsure === null);
  }
  if (caught.unsure) return denied(caught.unsure);
  const budgets = settleBudgets(scope, sight.budgets, situation, looked, "enforce");
  if (allowing === "pending" || caught.pending || budgets.pending) return needsEstimate();
  if (budgets.denied) return denied(budgets.denied);

  const judged = outcomeOf(caught, budgets, allowing);
  return withShadows(scope, sight, situation, looked, judged, caught);
}

/** The strictest of what guards and budgets ask. */
function outcomeOf(caught: Caught, budgets: ReturnType<typeof settleBudgets>, allowing: Reason): Judged {
  const charges = budgets.charges ? { charges: budgets.charges } : null;
  if (caught.challenges) {
    const challenges = caught.challenges.map(({ terms }) => terms as ChallengeTerms);
    return {
      verdict: { outcome: "challenge", reasons: caught.challenges.map(({ reason }) => reason), challenges },
      ...charges,
    };
  }
  if (caught.holds || budgets.holds) {
    const held = [...(caught.holds ?? []), ...(budgets.holds ?? [])];
    const holds = held.map(({ terms }) => terms as HoldTerms);
    return { verdict: { outcome: "hold", reasons: held.map(({ reason }) => reason), holds }, ...charges };
  }
  const reasons = budgets.warnings ? [allowing, ...budgets.warnings] : [allowing];
  return { verdict: { outcome: "allow", reasons }, ...charges };
}

/** Why it is allowed: by a rule, else by a grant. Null: by nothing. */
function allowingReason(scope: Scope, sight: Sight, situation: Situation, looked: Looked): Reason | "pending" | null {
  const found = allowingRule(sight, situation, looked);
  if (found !== null && found !== "pending") return accessYes(found, situation);
  return grantFor(scope, sight, situation, looked) ?? found;
}

function missReasons(scope: Scope, sight: Sight, situation: Situation): readonly Reason[] {
  const misses = scope.access.slice(0, maxReasons).map((rule) => accessMiss(rule, situation));
  const told = misses.length > 0 ? misses : [noAccess(situation)];
  const may = requestable(scope.requests, situation, sight.connecting);
  return may ? [...told, may] : told;
}

function denied(reasons: readonly Reason[]): Judged {
  return { verdict: { outcome: "deny", reasons } };
}

// Whoever does not know of estimates refuses.
function needsEstimate(): Judged {
  return { verdict: { outcome: "deny", reasons: [estimateNeeded] }, needs: "estimate" };
}

/** What rules in shadow mode would have said; nothing of it changes the verdict. */
function withShadows(
  scope: Scope,
  sight: Sight,
  situation: Situation,
  looked: Looked,
  judged: Judged,
  caught: Caught,
  missing = false,
): Judged {
  if (!sight.shadow) return judged;
  const watched = watchShadows(scope, sight, situation, looked, judged.verdict.outcome, missing, caught);
  if (watched.pending) return needsEstimate();
  const charges = [...(judged.charges ?? []), ...watched.charges];
  return {
    ...judged,
    ...(charges.length > 0 ? { charges } : null),
    ...(watched.shadows.length > 0 ? { shadows: watched.shadows } : null),
  };
}
