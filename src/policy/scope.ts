import type { Analysis, Connection, Subject } from "../vocabulary/index.js";
import type { Looked } from "./looked.js";
import type { BudgetKey, Situation } from "./policy.js";
import type { AccessRule, BudgetRule, GuardRule, MaskRule, RequestRule, Rule, RuleKind } from "./rule.js";
import { testSelector } from "./selector.js";
import { type Sight, sightOf } from "./sight.js";

/** The rules of one mode. */
export interface RuleLists {
  readonly guards: readonly GuardRule[];
  /** Timeless ones first, so that a decision rests on the clock only where it must. */
  readonly access: readonly AccessRule[];
  readonly masks: readonly MaskRule[];
  readonly budgets: readonly BudgetRule[];
}

/** The rules that concern one subject on one connection. */
export interface Scope extends RuleLists {
  readonly requests: readonly RequestRule[];
  /** Those that are about tokens, on whatever connection. */
  readonly reveals: readonly RequestRule[];
  /** Those that only watch; null: there are none. */
  readonly shadow: RuleLists | null;
  /** What is known of a statement without looking at the clock, budgets and the planner. */
  sight(situation: Situation): Sight;
  /** Keys of counters, made once. */
  readonly budgetKeys: Map<BudgetRule, readonly BudgetKey[]>;
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
  const opens = rule.kind === "access" || rule.kind === "request";
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
  const watching = mine.filter((rule) => rule.mode === "shadow");
  const enforced = listsOf(mine.filter((rule) => rule.mode === "enforce"));
  const shadow = watching.length > 0 ? listsOf(watching) : null;
  const asked = ofKind(mine, "request").filter((rule) => rule.mode === "enforce");
  const sights = new WeakMap<Analysis, Sight>();
  return {
    ...enforced,
    requests: asked.filter((rule) => rule.reveals.length === 0),
    reveals: asked.filter((rule) => rule.reveals.length > 0),
    shadow,
    budgetKeys: new Map(),
    sight(asked) {
      let sight = sights.get(asked.analysis);
      if (!sight) {
        sight = sightOf(enforced, shadow, asked);
        sights.set(asked.analysis, sight);
      }
      return sight;
    },
  };
}

// In the order of their names, so that the order in which documents were written is of no consequence.
function listsOf(rules: readonly Rule[]): RuleLists {
  const access = ofKind(rules, "access");
  return {
    guards: ofKind(rules, "guard"),
    access: [...access.filter((rule) => rule.timeless), ...access.filter((rule) => !rule.timeless)],
    masks: ofKind(rules, "mask"),
    budgets: ofKind(rules, "budget"),
  };
}

function ofKind<Kind extends RuleKind>(rules: readonly Rule[], kind: Kind): Extract<Rule, { kind: Kind }>[] {
  return rules
    .filter((rule): rule is Extract<Rule, { kind: Kind }> => rule.kind === kind)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
