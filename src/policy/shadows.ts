import type { Outcome, Reason, RuleId } from "../vocabulary/index.js";
import { allowingRule } from "./allowing-rule.js";
import { settleBudgets } from "./budgets.js";
import { type Caught, catchWith } from "./catch.js";
import type { Looked } from "./looked.js";
import { maskedColumns } from "./masked-columns.js";
import type { BudgetCharge, Decision, Situation } from "./policy.js";
import { accessYes } from "./reasons.js";
import type { Scope } from "./scope.js";
import { testSelector } from "./selector.js";
import type { Sight } from "./sight.js";

type Shadow = NonNullable<Decision["shadows"]>[number];

/** The strictest counts. */
const rank: Readonly<Record<Outcome, number>> = { allow: 0, hold: 1, challenge: 2, deny: 3 };

export interface Watched {
  readonly shadows: readonly Shadow[];
  readonly charges: readonly BudgetCharge[];
  readonly pending: boolean;
}

/**
 * What each rule in shadow mode would have made of the statement, alone: told where it would have been stricter than the
 * outcome, or would have allowed what nothing allows.
 */
export function watchShadows(
  scope: Scope,
  sight: Sight,
  situation: Situation,
  looked: Looked,
  outcome: Outcome,
  missing: boolean,
  caught: Caught,
): Watched {
  const alive = sight.shadow!;
  const shadows: Shadow[] = [];
  const add = (rule: RuleId, would: Outcome, reason: Reason) =>
    shadows.push({ rule, outcome: would, reasons: [reason] });

  if (outcome === "deny") {
    // Only an access rule can change a denial, and only one that was for want of access.
    const allowing = missing ? allowingRule(alive, situation, looked) : null;
    if (allowing !== null && allowing !== "pending") {
      const would = caught.challenges ? "challenge" : caught.holds ? "hold" : "allow";
      add(allowing.id, would, accessYes(allowing, situation));
    }
    return { shadows, charges: [], pending: allowing === "pending" };
  }

  const would = catchWith(alive.guards, situation, looked);
  const budgets = settleBudgets(scope, alive.budgets, situation, looked, "shadow");
  if (would.pending || budgets.pending) return { shadows: [], charges: [], pending: true };
  const stricter = (one: Outcome) => rank[one] > rank[outcome];
  for (const reason of [...(would.denied ?? []), ...(would.unsure ?? []), ...(budgets.denied ?? [])])
    if (reason.rule !== null) add(reason.rule, "deny", reason);
  if (stricter("challenge"))
    for (const { terms, reason } of would.challenges ?? []) add(terms.rule, "challenge", reason);
  if (stricter("hold"))
    for (const { terms, reason } of [...(would.holds ?? []), ...(budgets.holds ?? [])]) add(terms.rule, "hold", reason);
  for (const reason of budgets.warnings ?? []) if (reason.rule !== null) add(reason.rule, outcome, reason);
  for (const shadow of maskShadows(scope, situation, looked)) shadows.push({ ...shadow, outcome });
  return { shadows, charges: budgets.charges ?? [], pending: false };
}

/** Masks change no outcome; what they would have hidden is told. */
function maskShadows(scope: Scope, situation: Situation, looked: Looked): Omit<Shadow, "outcome">[] {
  const found: Omit<Shadow, "outcome">[] = [];
  for (const rule of scope.shadow!.masks) {
    if (testSelector(rule.when, situation, looked) === "no") continue;
    const columns = maskedColumns(rule.masks, situation.analysis).map(({ column }) => column);
    if (columns.length === 0) continue;
    const text = `mask "${rule.id}" would mask ${columns.slice(0, 8).join(", ")}`;
    found.push({ rule: rule.id, reasons: [{ rule: rule.id, code: "would-mask", text }] });
  }
  return found;
}
