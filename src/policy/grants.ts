import type { Effect, Grant, Reason } from "../vocabulary/index.js";
import type { Looked } from "./looked.js";
import type { Situation } from "./policy.js";
import type { Scope } from "./scope.js";
import type { Sight } from "./sight.js";

/**
 * The grant that allows what no access rule does. Grants end, and new ones come: a decision for which they were looked at
 * rests on the clock, also when none was found.
 */
export function grantFor(scope: Scope, sight: Sight, situation: Situation, looked: Looked): Reason | null {
  const { grants, subject, connection, now } = situation;
  // Where access may be asked for, a grant may come at any moment.
  if (grants !== undefined || scope.requests.length > 0) looked.add("clock");
  const found = grants?.find(
    (grant) =>
      grant.subject === subject.id &&
      grant.connections.includes(connection.id) &&
      grant.since <= now &&
      now < grant.until &&
      (sight.connecting || covers(grant, situation)),
  );
  if (!found) return null;
  const what = sight.connecting ? `to connect to ${connection.name}` : "this";
  const until = new Date(found.until).toISOString().slice(0, 16).replace("T", " ");
  return { rule: null, code: "granted", text: `grant ${found.id} allows ${subject.name} ${what} until ${until} UTC` };
}

function covers(grant: Grant, { analysis }: Situation): boolean {
  const given = (effect: Effect) => grant.effects.includes(effect);
  return analysis.effects.every(given) && (analysis.unknowns.length === 0 || given("unknown"));
}
