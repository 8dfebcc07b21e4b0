import { isConnect } from "./connect.js";
import { type Live, liveOf, reduce } from "./live.js";
import type { Decision, Situation } from "./policy.js";
import type { AccessRule, BudgetRule, GuardRule } from "./rule.js";
import type { RuleLists } from "./scope.js";

/** Rules of one mode that may still have a say in a statement of this shape. */
export interface Alive {
  readonly guards: readonly Live<GuardRule>[];
  readonly access: readonly Live<AccessRule>[];
  readonly budgets: readonly Live<BudgetRule>[];
}

/** What the shape of a statement alone tells within a scope. */
export interface Sight extends Alive {
  readonly connecting: boolean;
  readonly shadow: Alive | null;
  /** The decision, once it turned out to rest on nothing but the shape, or on the clock as well and for its minute. */
  settled: Decision | null;
  /** The minute for which it is settled; null: for good. */
  minute: number | null;
}

export function sightOf(enforced: RuleLists, shadow: RuleLists | null, situation: Situation): Sight {
  const connecting = isConnect(situation.analysis);
  return {
    connecting,
    ...aliveOf(enforced, situation, connecting),
    shadow: shadow && aliveOf(shadow, situation, connecting),
    settled: null,
    minute: null,
  };
}

function aliveOf(lists: RuleLists, situation: Situation, connecting: boolean): Alive {
  const passedOver = connecting ? "statements" : "access";
  return {
    guards: liveOf(lists.guards, (rule) =>
      rule.on === passedOver ? null : reduce(rule, connecting ? planless(rule.clauses) : rule.clauses, situation),
    ),
    // Effects and statement criteria are about statements: opening asks for the time only.
    access: liveOf(lists.access, (rule) =>
      connecting
        ? reduce(rule, rule.opening, situation)
        : reduce(rule, rule.clauses, situation, rule.covers.test(situation)),
    ),
    budgets: connecting ? [] : liveOf(lists.budgets, (rule) => reduce(rule, rule.clauses, situation)),
  };
}

/** Nobody plans the opening of a connection: clauses that ask the planner are about statements. */
function planless(clauses: GuardRule["clauses"]): GuardRule["clauses"] {
  return clauses?.filter(({ rest }) => rest.every((bound) => bound.about !== "estimate")) ?? null;
}
