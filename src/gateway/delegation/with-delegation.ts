import type { CompiledPolicy, LivePolicySource } from "../../policy/index.js";
import type { Decision, Situation } from "../../policy/policy.js";
import type { Connection, Subject } from "../../vocabulary/index.js";
import { createBothMasks } from "./both-masks.js";
import { covers, demandsOfBounds, judgeBounds } from "./bounds.js";
import { stricterDecision } from "./stricter-decision.js";

/**
 * The rules in force, for machines: who acts for somebody may do what both may, and whatever a key or a delegation is bounded
 * to. The rules themselves know nothing of it; a person's own decisions go through untouched.
 */
export function withDelegation(source: LivePolicySource): LivePolicySource {
  // The same set for the same rules: what others keep beside a set stays valid.
  const known = new WeakMap<CompiledPolicy, CompiledPolicy>();
  const delegated = (set: CompiledPolicy): CompiledPolicy => {
    let made = known.get(set);
    if (made === undefined) {
      made = delegatedSet(set);
      known.set(set, made);
    }
    return made;
  };
  return {
    ...source,
    current: () => delegated(source.current()),
    watch: (listener) => source.watch((set) => listener(delegated(set))),
  };
}

function delegatedSet(set: CompiledPolicy): CompiledPolicy {
  const bothMasks = createBothMasks();
  return {
    ...set,
    decide(situation) {
      const { subject } = situation;
      if (subject.onBehalfOf === undefined && subject.bounds === undefined) return set.decide(situation);
      const { refused, dependsOn } = judgeBounds(subject.bounds ?? [], situation);
      if (refused !== null)
        return {
          verdict: { outcome: "deny", reasons: [refused], policyVersion: set.version },
          dependsOn: new Set(["shape", ...dependsOn]),
        };
      return also(decideBoth(set, situation), dependsOn);
    },
    masksFor(subject, connection, now, purpose) {
      const own = set.masksFor(subject, connection, now, purpose);
      if (subject.onBehalfOf === undefined) return own;
      return bothMasks(own, set.masksFor(subject.onBehalfOf, connection, now, purpose));
    },
    // Access is asked for by whom it is for, with their own login.
    requestTerms: (subject, connection, effects, now) =>
      mayAsk(subject, connection) ? set.requestTerms(subject, connection, effects, now) : null,
    revealTerms: (subject, purpose, now) =>
      subject.onBehalfOf === undefined && subject.bounds === undefined ? set.revealTerms(subject, purpose, now) : null,
    targetRoles(subject, connection, now) {
      const own = set.targetRoles(subject, connection, now);
      const persons = subject.onBehalfOf === undefined ? null : set.targetRoles(subject.onBehalfOf, connection, now);
      if (own === null || persons === null) return own ?? persons;
      return own.filter((role) => persons.includes(role));
    },
    demands(subject, connection) {
      const own = set.demands(subject, connection);
      if (subject.onBehalfOf === undefined && subject.bounds === undefined) return own;
      const persons = subject.onBehalfOf === undefined ? [] : set.demands(subject.onBehalfOf, connection);
      return [...own, ...persons, ...demandsOfBounds(subject.bounds ?? [])];
    },
  };
}

function mayAsk(subject: Subject, connection: Connection): boolean {
  return subject.onBehalfOf === undefined && (subject.bounds ?? []).every((bound) => covers(bound, connection));
}

function decideBoth(set: CompiledPolicy, situation: Situation): Decision {
  const { onBehalfOf } = situation.subject;
  const own = set.decide(situation);
  if (onBehalfOf === undefined) return own;
  // What was granted to one was not granted to the other.
  return stricterDecision(own, set.decide({ ...situation, subject: onBehalfOf, grants: undefined }));
}

function also(decision: Decision, more: readonly ("clock" | string)[]): Decision {
  if (more.length === 0) return decision;
  return { ...decision, dependsOn: new Set([...decision.dependsOn, "clock"]) };
}
