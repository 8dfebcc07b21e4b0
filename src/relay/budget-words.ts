import type { BudgetCharge, BudgetKey } from "../policy/policy.js";
import type { Reason } from "../vocabulary/index.js";

const counted = {
  rows: "rows",
  bytes: "bytes",
  statements: "statements",
  subjects: "different people's data",
} as const;
const windows = { session: "this session", hour: "an hour", day: "a day" } as const;

/** `budget "exports" allows 5000 rows in a day`; whose it is only where it is not the asker's own. */
function allows({ key, limit }: Pick<BudgetCharge, "key" | "limit">, asker: string): string {
  const own = key.window === "session" || key.owner === asker;
  const whose = own ? "" : key.owner === "*" ? " for everybody" : ` for ${key.owner}`;
  return `budget "${key.rule}" allows ${limit} ${counted[key.measure]} in ${windows[key.window]}${whose}`;
}

/** Why something was stopped in the middle, or may not begin as it would take more than is left. */
export function usedUpReason(charge: BudgetCharge, used: number, asker: string): Reason {
  const text = `${allows(charge, asker)}, and ${used} are used up`;
  return { rule: charge.key.rule, code: "budget-used-up", text };
}

/** What whoever passes a budget that only warns is told. */
export function crossedText(charge: BudgetCharge, used: number, asker: string): string {
  return `${allows(charge, asker)}, which is passed: ${used} are used now`;
}

/** What it takes to count whose data is seen cannot be had. */
export function uncountableReason({ key }: BudgetCharge, why: string): Reason {
  return {
    rule: key.rule,
    code: "budget-uncountable",
    text: `budget "${key.rule}" counts whose data is seen, and ${why}`,
  };
}

/** When there is room again; `at` null: not known in advance. */
export function roomHint(key: BudgetKey, at: number | null): string {
  if (key.window === "session") return "It counts anew in another session.";
  if (at === null) return "Try again later.";
  return `There is room again from ${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC on, bit by bit.`;
}
