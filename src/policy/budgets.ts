import type { Reason } from "../vocabulary/index.js";
import { type Stop, withOne } from "./catch.js";
import { answerOfLive, type Live } from "./live.js";
import type { Looked } from "./looked.js";
import type { BudgetCharge, BudgetKey, Situation } from "./policy.js";
import { budgetReason } from "./reasons.js";
import type { BudgetRule } from "./rule.js";
import type { Scope } from "./scope.js";

/** What budgets make of a statement; null where none does. */
export interface BudgetsSettled {
  denied: Reason[] | null;
  holds: Stop[] | null;
  warnings: Reason[] | null;
  charges: BudgetCharge[] | null;
  pending: boolean;
}

/**
 * Which budgets a statement is charged to, and which of them are used up. A budget of which nothing is known counts as used
 * up. Budgets that only watch are charged too, else nobody would ever see them pass their limit.
 */
export function settleBudgets(
  scope: Scope,
  budgets: readonly Live<BudgetRule>[],
  situation: Situation,
  looked: Looked,
  mode: "enforce" | "shadow",
): BudgetsSettled {
  const settled: BudgetsSettled = {
    denied: null,
    holds: null,
    warnings: null,
    charges: null,
    pending: false,
  };
  for (const live of budgets) {
    looked.pending = false;
    const answer = answerOfLive(live, situation, looked);
    if (answer === "no") continue;
    if (answer === "unknown" && looked.pending) settled.pending = true;
    else settleOne(scope, live.rule, situation, looked, mode, settled);
  }
  return settled;
}

function settleOne(
  scope: Scope,
  rule: BudgetRule,
  situation: Situation,
  looked: Looked,
  mode: "enforce" | "shadow",
  settled: BudgetsSettled,
): void {
  looked.add("budget");
  for (const key of keysOf(scope, rule, situation)) {
    const one = key.owner === "" ? null : (situation.usage?.(key, rule.limit) ?? null);
    const over = one === null || one >= rule.limit;
    const then = mode === "shadow" ? "count" : thenOf(rule, over);
    settled.charges = withOne(settled.charges, { key, limit: rule.limit, then, column: rule.column });
    if (!over) continue;

    stopFor(rule, budgetReason(rule, key, one), settled);
  }
}

/** One reason a rule is enough, however many of its counters are used up. */
function stopFor(rule: BudgetRule, reason: Reason, settled: BudgetsSettled): void {
  const told = (list: readonly { readonly rule: Reason["rule"] }[] | null) => list?.some((one) => one.rule === rule.id);
  const { action } = rule;
  if (action.kind === "deny") {
    if (!told(settled.denied)) settled.denied = withOne(settled.denied, reason);
  } else if (action.kind === "warn") {
    if (!told(settled.warnings)) settled.warnings = withOne(settled.warnings, reason);
  } else if (!settled.holds?.some((one) => one.terms.rule === rule.id)) {
    settled.holds = withOne(settled.holds, { reason, terms: action.terms });
  }
}

// What was approved past its limit must not be cut off by it.
function thenOf(rule: BudgetRule, over: boolean): BudgetCharge["then"] {
  if (rule.action.kind === "warn") return "warn";
  return rule.action.kind === "hold" && over ? "count" : "stop";
}

/** The counters of a rule for this subject; an owner that is not known is empty. */
function keysOf(scope: Scope, rule: BudgetRule, { subject, session }: Situation): readonly BudgetKey[] {
  const { id, measure, window } = rule;
  if (window === "session") return [{ rule: id, measure, window, owner: session ?? "" }];
  let keys = scope.budgetKeys.get(rule);
  if (!keys) {
    const owners =
      rule.of === "subject"
        ? [subject.name]
        : rule.of === "everyone"
          ? ["*"]
          : rule.of.groups.filter((group) => subject.groups.includes(group));
    keys = owners.map((owner) => ({ rule: id, measure, window, owner }));
    scope.budgetKeys.set(rule, keys);
  }
  return keys;
}
