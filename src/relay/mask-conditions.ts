import type { PlanConditions } from "../masking/plan.js";
import { writtenBack } from "../masking/written-back.js";
import type { Ask } from "../protocol/index.js";
import { type Reason, ruleId } from "../vocabulary/index.js";

/** Takes one statement of the asker from a rule's budget; false: it is used up. */
export type Budget = (rule: string, statementsPerHour: number) => boolean;

/** What a mask plan asks for that this very statement does not give; null: it may go on. */
export function unmetCondition(
  conditions: PlanConditions | undefined,
  ask: Pick<Ask, "text" | "values" | "phase">,
  budget: Budget | undefined,
): Reason | null {
  if (conditions === undefined) return null;
  const back = conditions.written.length === 0 ? null : writtenBack(ask.text, ask.values, conditions.written);
  if (back !== null) return masked;
  // What is only prepared tells nothing yet.
  if (ask.phase === "prepare") return null;
  for (const { rule, statementsPerHour } of conditions.budgets) {
    if (budget?.(rule, statementsPerHour) !== true) return usedUp(rule);
  }
  return null;
}

const masked: Reason = {
  rule: null,
  code: "masked-value-written",
  text: "this statement writes to a column that is masked for you and holds a value that looks like its mask: written back it would take the place of the real one",
};

function usedUp(rule: string): Reason {
  return {
    rule: ruleId(rule),
    code: "masked-predicate-budget",
    text: "this statement compares, joins, sorts or groups by a column that is masked for you, and the budget for such statements is used up for this hour",
  };
}
