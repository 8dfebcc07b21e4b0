import { type Reason, ruleId } from "../vocabulary/index.js";
import { echoesValues, holdsValues } from "./echoes.js";
import type { RankedMask } from "./patterns.js";
import type { PlanConditions, PlanInput } from "./plan.js";
import type { Sensitivity } from "./sensitivity.js";

/** What the rules say of the masked columns that decide which rows, groups or order come. */
export interface Predicates {
  readonly denied: Reason | null;
  readonly budgets: PlanConditions["budgets"];
}

/**
 * A condition on a masked column shows no value, and each answer tells something of one: whoever may ask often enough has it letter
 * by letter, and a guess of the whole needs one answer.
 */
export function predicates(input: PlanInput, showing: readonly number[], sensitivity: Sensitivity): Predicates {
  const budgets = new Map<string, number>();
  if (sensitivity.any && asksStatistics(input)) return { denied: ofStatistics, budgets: [] };
  for (const { relation, name, use } of input.columns) {
    if (use !== "predicate") continue;
    const among = relation === null ? showing : [relation];
    for (const [column, { rule, predicates: said }] of among.flatMap((each) =>
      masked(each, relation, name, sensitivity),
    )) {
      if (rule === null || said === "allow") continue;
      if (said === undefined || said === "deny") return { denied: reason(rule, column), budgets: [] };
      const known = budgets.get(rule);
      budgets.set(rule, Math.min(known ?? Number.POSITIVE_INFINITY, said.statementsPerHour));
    }
  }
  return {
    denied: null,
    budgets: [...budgets].map(([rule, statementsPerHour]) => ({ rule, statementsPerHour })),
  };
}

/** What the system keeps of others' values can be guessed at as the values themselves can, and no rule names it. */
function asksStatistics({ resources, columns }: PlanInput): boolean {
  const there = resources?.some(({ kind, name }) => kind === "relation" && holdsValues(name)) ?? false;
  return there && columns.some(({ name, use }) => use === "predicate" && echoesValues(name));
}

const ofStatistics: Reason = {
  rule: null,
  code: "masked-predicate",
  text: "columns are masked for you here, and this statement compares, joins, sorts or groups by statistics that hold their values: its answer would tell what the masks hide",
};

/** Masks of the columns that a reference can mean. Of what is not resolved only the name counts: `*` there says nothing. */
function masked(
  relation: number,
  resolved: number | null,
  name: string,
  sensitivity: Sensitivity,
): (readonly [string, RankedMask])[] {
  return [...sensitivity.masksIn(relation)].filter(
    ([column]) => column === name || (name === "*" && resolved !== null),
  );
}

function reason(rule: string, column: string): Reason {
  return {
    rule: ruleId(rule),
    code: "masked-predicate",
    text: `column ${column} is masked for you, and this statement compares, joins, sorts or groups by it, or computes what fails for some of its values: its answer would tell what the mask hides`,
  };
}
