import type { Analysis, Connection, Subject } from "../vocabulary/index.js";
import type { Looked } from "./looked.js";
import type { Situation } from "./policy.js";
import type { AccessRule, GuardRule, MaskRule, Rule } from "./rule.js";
import { testSelector } from "./selector.js";

/** The rules that concern one subject on one connection. */
export interface Scope {
  readonly guards: readonly GuardRule[];
  /** Timeless ones first, so that a decision rests on the clock only where it must. */
  readonly access: readonly AccessRule[];
  readonly masks: readonly MaskRule[];
}

/** No statement is at hand. */
export const noAnalysis: Analysis = Object.freeze({
  shape: "",
  effects: [],
  resources: [],
  attributes: {},
  unknowns: [],
});

// Scopes ask for who and where only, which depend on nothing that is not part of the key.
const ignored: Looked = { add: () => undefined };

/** Whether a rule concerns this subject on this connection at all. */
export function concerns(rule: Rule, situation: Situation): boolean {
  if (rule.exceptEveryone) return false;
  // Criteria on subject and connection know their answer; were one ever unknown, it must not open: an access rule wants
  // a yes, a guard or a mask counts unless it is a no.
  const opens = rule.kind === "access";
  const meant = (answer: string) => (opens ? answer === "yes" : answer !== "no");
  if (!meant(testSelector(rule.who, situation, ignored))) return false;
  if (!meant(testSelector(rule.where, situation, ignored))) return false;
  if (rule.except === null) return true;
  const excepted = testSelector(rule.except, situation, ignored);
  return opens ? excepted === "no" : excepted !== "yes";
}

/**
 * Finds scopes and keeps them as long as the very subject and connection objects live: both are values that are replaced,
 * never changed.
 */
export function createScopes(rules: readonly Rule[]): (subject: Subject, connection: Connection) => Scope {
  const known = new WeakMap<Subject, WeakMap<Connection, Scope>>();
  return (subject, connection) => {
    let ofSubject = known.get(subject);
    if (!ofSubject) {
      ofSubject = new WeakMap();
      known.set(subject, ofSubject);
    }
    let scope = ofSubject.get(connection);
    if (!scope) {
      scope = scopeOf(rules, subject, connection);
      ofSubject.set(connection, scope);
    }
    return scope;
  };
}

function scopeOf(rules: readonly Rule[], subject: Subject, connection: Connection): Scope {
  const situation: Situation = { subject, connection, analysis: noAnalysis, now: 0 };
  const mine = rules.filter((rule) => concerns(rule, situation));
  const access = mine.filter((rule) => rule.kind === "access");
  return {
    guards: mine.filter((rule) => rule.kind === "guard"),
    access: [...access.filter((rule) => rule.timeless), ...access.filter((rule) => !rule.timeless)],
    masks: mine.filter((rule) => rule.kind === "mask"),
  };
}
