import type { Connection, Effect, Subject } from "../vocabulary/index.js";
import { catchWith } from "./catch.js";
import { connectAnalysis } from "./connect.js";
import { createLooked } from "./looked.js";
import type { RequestTerms, Situation } from "./policy.js";
import type { Scope } from "./scope.js";
import { testSelector } from "./selector.js";

/** See `PolicySet.requestTerms`. */
export function requestTerms(
  scope: Scope,
  subject: Subject,
  connection: Connection,
  effects: readonly Effect[],
  now: number,
): RequestTerms | null {
  const situation: Situation = { subject, connection, analysis: connectAnalysis(connection), now };
  const looked = createLooked();
  const rules = scope.requests.filter(
    (rule) =>
      effects.every((effect) => rule.effects.includes(effect)) && testSelector(rule.when, situation, looked) === "yes",
  );
  if (effects.length === 0 || rules.length === 0) return null;
  // Nobody is asked to approve what a guard refuses all the same.
  const caught = catchWith(scope.sight(situation).guards, situation, looked);
  if (caught.denied ?? caught.unsure) return null;
  return { terms: rules.map((rule) => rule.terms), maxMs: Math.min(...rules.map((rule) => rule.maxMs)) };
}
