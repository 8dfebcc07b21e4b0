import type { BudgetCharge, Decision } from "../../policy/policy.js";
import type { Outcome, Reason, Verdict } from "../../vocabulary/index.js";

const strictness: Readonly<Record<Outcome, number>> = { allow: 0, hold: 1, challenge: 2, deny: 3 };

/**
 * What two decisions on the same statement allow together. The stricter outcome counts; what both ask of people is asked, and
 * both pay. A planner's estimate that one of them lacks is got before anything is said, unless the other refuses anyway.
 */
export function stricterDecision(one: Decision, other: Decision): Decision {
  const dependsOn = new Set([...one.dependsOn, ...other.dependsOn]);
  const refusing = [one, other].find((decision) => decision.verdict.outcome === "deny" && decision.needs === undefined);
  if (refusing !== undefined) return { ...refusing, dependsOn };
  const unready = [one, other].find((decision) => decision.needs !== undefined);
  if (unready !== undefined) return { ...unready, dependsOn };
  const charges = union(one.charges, other.charges, ({ key }) => JSON.stringify(key));
  const shadows = union(one.shadows, other.shadows, ({ rule, outcome }) => `${rule} ${outcome}`);
  return {
    verdict: stricterVerdict(one.verdict, other.verdict),
    dependsOn,
    ...(charges.length > 0 ? { charges: stricterCharges(charges, [one, other]) } : null),
    ...(shadows.length > 0 ? { shadows } : null),
  };
}

function stricterVerdict(one: Verdict, other: Verdict): Verdict {
  const outcome = strictness[one.outcome] >= strictness[other.outcome] ? one.outcome : other.outcome;
  const telling = [one, other].filter((verdict) => verdict.outcome === outcome);
  const holds = union(one.holds, other.holds, (terms) => JSON.stringify(terms));
  const challenges = union(one.challenges, other.challenges, (terms) => JSON.stringify(terms));
  return {
    outcome,
    reasons: union(telling[0]?.reasons, telling[1]?.reasons, ({ rule, code, text }: Reason) =>
      JSON.stringify([rule, code, text]),
    ),
    policyVersion: one.policyVersion,
    // A challenge is answered first, and all decided anew.
    ...(outcome === "hold" ? { holds } : null),
    ...(outcome === "challenge" ? { challenges } : null),
  };
}

const actions: Readonly<Record<BudgetCharge["then"], number>> = { count: 0, warn: 1, stop: 2 };

/** A counter that both share is charged once, under the stricter word of the two. */
function stricterCharges(charges: readonly BudgetCharge[], decisions: readonly Decision[]): readonly BudgetCharge[] {
  return charges.map((charge) => {
    const key = JSON.stringify(charge.key);
    const same = decisions
      .flatMap((decision) => decision.charges ?? [])
      .filter((one) => JSON.stringify(one.key) === key);
    return same.reduce((strictest, next) => (actions[next.then] > actions[strictest.then] ? next : strictest), charge);
  });
}

function union<Item>(
  one: readonly Item[] | undefined,
  other: readonly Item[] | undefined,
  keyOf: (item: Item) => string,
): readonly Item[] {
  if (other === undefined || other.length === 0) return one ?? [];
  const known = new Map((one ?? []).map((item) => [keyOf(item), item]));
  for (const item of other) if (!known.has(keyOf(item))) known.set(keyOf(item), item);
  return [...known.values()];
}
