import type { Connection, Subject } from "../vocabulary/index.js";
import { answerOfLive, reduce } from "./live.js";
import type { Looked } from "./looked.js";
import type { Situation } from "./policy.js";
import { noAnalysis, type Scope } from "./scope.js";

const ignored: Looked = { add: () => undefined };

/**
 * The roles at the target that the rules which let this subject connect now grant it, in the order of their names; null: none
 * of these rules says any. A rule that cannot tell whether it lets in grants nothing.
 */
export function targetRoles(
  scope: Scope,
  subject: Subject,
  connection: Connection,
  now: number,
): readonly string[] | null {
  const saying = scope.access.filter(({ roles }) => roles !== null);
  if (saying.length === 0) return null;
  const situation: Situation = { subject, connection, analysis: noAnalysis, now };
  const granting = saying.filter((rule) => {
    const live = reduce(rule, rule.opening, situation);
    return live !== null && answerOfLive(live, situation, ignored) === "yes";
  });
  // Outside of its hours a rule says nothing, and what others leave unsaid must not become more by that.
  return [...new Set(granting.flatMap(({ roles }) => roles ?? []))].sort();
}
