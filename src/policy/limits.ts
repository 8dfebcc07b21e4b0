import type { BudgetKey } from "./policy.js";
import type { Rule } from "./rule.js";

/** What a counter may reach, and what comes of it then. */
export interface LimitOf {
  readonly limit: number;
  readonly action: "stop" | "hold" | "warn" | "watch";
}

/** The limit that a counter counts towards; null: no rule of today's has one. */
export function limitFor(rules: readonly Rule[], { rule: id, measure, window }: BudgetKey): LimitOf | null {
  const rule = rules.find((one) => one.id === id);
  if (rule?.kind === "budget" && rule.measure === measure && rule.window === window) {
    const { limit, action, mode } = rule;
    if (mode === "shadow") return { limit, action: "watch" };
    return { limit, action: action.kind === "deny" ? "stop" : action.kind };
  }
  if (rule?.kind === "mask" && measure === "statements" && window === "hour") {
    for (const { predicates } of rule.masks)
      if (typeof predicates === "object") return { limit: predicates.statementsPerHour, action: "stop" };
  }
  return null;
}
