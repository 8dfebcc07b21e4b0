import type { Reason } from "../vocabulary/index.js";
import type { Answer } from "./answer.js";
import { isConnect } from "./connect.js";
import { createLooked, type Looked } from "./looked.js";
import type { Decision, Situation } from "./policy.js";
import { accessMiss, accessYes, guardReason, noAccess } from "./reasons.js";
import type { AccessRule } from "./rule.js";
import type { Scope } from "./scope.js";
import { testSelector } from "./selector.js";

/** Reasons told of one refusal; a policy with a thousand guards need not recite them. */
const maxReasons = 8;

/**
 * A guard that catches wins over every allow; then one access rule must cover the statement alone. A guard that cannot
 * tell catches as well, yet its reason comes last: that nothing allows what could not be read says more.
 */
export function decide(scope: Scope, situation: Situation, version: string): Decision {
  const looked = createLooked();
  const caught: Reason[] = [];
  const unsure: Reason[] = [];
  for (const guard of scope.guards) {
    const answer = testSelector(guard.when, situation, looked);
    if (answer === "no") continue;
    const reasons = answer === "yes" ? caught : unsure;
    if (reasons.length < maxReasons) reasons.push(guardReason(guard, situation, answer));
  }
  if (caught.length > 0) return denied(caught, version, looked.all);

  const allowing = scope.access.find((rule) => allows(rule, situation, looked) === "yes");
  if (allowing && unsure.length === 0) {
    return {
      verdict: { outcome: "allow", reasons: [accessYes(allowing, situation)], policyVersion: version },
      dependsOn: looked.all,
    };
  }
  if (allowing) return denied(unsure, version, looked.all);
  const misses = scope.access.slice(0, maxReasons).map((rule) => accessMiss(rule, situation));
  return denied(misses.length > 0 ? misses : [noAccess(situation)], version, looked.all);
}

/** Whether an access rule that concerns subject and connection covers what is asked. */
export function allows(rule: AccessRule, situation: Situation, looked: Looked): Answer {
  // Effects and statement criteria are about statements: opening asks for the time only.
  if (isConnect(situation.analysis)) return testSelector(rule.when, situation, looked, "clock");
  const covered = rule.covers.test(situation);
  return covered === "yes" ? testSelector(rule.when, situation, looked) : covered;
}

function denied(reasons: readonly Reason[], policyVersion: string, dependsOn: Decision["dependsOn"]): Decision {
  return { verdict: { outcome: "deny", reasons, policyVersion }, dependsOn };
}
