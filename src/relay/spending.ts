import type { Budgets } from "../budgets/index.js";
import type { PlanMasks } from "../masking/plan.js";
import type { BudgetCharge, BudgetKey, Decision, Situation } from "../policy/policy.js";
import type { Ask, Order } from "../protocol/index.js";
import type { Recorder } from "../recording/recorder.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import { type Catalogue, type ColumnMask, type Reason, ruleId } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import { crossedText, roomHint, uncountableReason, usedUpReason } from "./budget-words.js";
import { Charging, type SubjectCharge } from "./charging.js";
import { noCatalogue } from "./plain-analysis.js";

export interface SpendingPorts {
  /** Absent: nothing is known of what was used, so every budget counts as used up. */
  readonly budgets?: Budgets | undefined;
  readonly planMasks: PlanMasks;
  readonly recorder: Recorder;
}

/** What is let through, with what counts it; or why it may not begin after all. */
export type Begun =
  | { readonly charging: Charging | null }
  | { readonly refused: readonly Reason[]; readonly hint?: string };

/** The budgets of one session. */
export interface Spending {
  /** For a situation. */
  readonly known: Pick<Situation, "usage" | "session">;
  /** When there is room again, for a denial by these reasons. */
  hint(reasons: readonly Reason[]): string | undefined;
  /** Takes one statement that decides by a masked column from its rule's budget; false: none is left. */
  predicate(rule: string, statementsPerHour: number): boolean;
  /** A statement is let through: counted at once, in the same turn as it was decided. */
  begin(ask: Ask, decision: Decision, analysis: SqlAnalysis, catalogue: Catalogue): Begun;
}

export function createSpending(ports: SpendingPorts, asker: Asker, order: (order: Order) => void): Spending {
  const { budgets } = ports;
  if (budgets === undefined) return nothingKnown;
  /** The budgets of the last decision that were used up. */
  let over: { readonly key: BudgetKey; readonly limit: number }[] = [];

  function usage(key: BudgetKey, limit: number): number {
    const used = budgets!.usage(key);
    if (used >= limit) {
      if (over.length >= maxOver) over = [];
      over.push({ key, limit });
    }
    return used;
  }

  function hint(reasons: readonly Reason[]): string | undefined {
    const asked = over;
    over = [];
    const used = reasons.find(({ code }) => code === "budget-used-up");
    const found = used && asked.findLast(({ key }) => key.rule === used.rule);
    return found && roomHint(found.key, budgets!.roomAt(found.key, found.limit));
  }

  /** A text of many statements must not take more than is left at once. */
  function overdrawn(charges: readonly BudgetCharge[], statements: number): Begun | null {
    for (const charge of charges) {
      if (charge.then !== "stop" || charge.key.measure !== "statements") continue;
      const used = budgets!.usage(charge.key);
      if (used + statements <= charge.limit) continue;
      const room = roomHint(charge.key, budgets!.roomAt(charge.key, Math.max(1, charge.limit - statements + 1)));
      return { refused: [usedUpReason(charge, used, asker.subject.name)], hint: room };
    }
    return null;
  }

  function crossed(charge: BudgetCharge, used: number): void {
    const text = crossedText(charge, used, asker.subject.name);
    order({ kind: "notice", text });
    ports.recorder.append({ kind: "warning", session: asker.session, text });
  }

  return {
    known: { usage, session: asker.session },
    hint,
    predicate(rule, statementsPerHour) {
      const { name, onBehalfOf } = asker.subject;
      // Whoever a machine acts for pays as well: what it learns, they learn.
      const keys = [name, ...(onBehalfOf === undefined ? [] : [onBehalfOf.name])].map(
        (owner): BudgetKey => ({ rule: ruleId(rule), measure: "statements", window: "hour", owner }),
      );
      if (keys.some((key) => budgets.usage(key) >= statementsPerHour)) return false;
      for (const key of keys) budgets.charge(key, 1);
      return true;
    },
    begin(ask, { charges }, analysis, catalogue) {
      over = [];
      if (charges === undefined || charges.length === 0) return uncharged;
      const subjects: SubjectCharge[] = [];
      for (const charge of charges) {
        const found = subjectsOf(ports.planMasks, charge, analysis, catalogue);
        if (typeof found !== "string") {
          if (found !== null) subjects.push(found);
        } else if (charge.then === "stop") return { refused: [uncountableReason(charge, found)] };
      }
      // The same bytes were let through and counted before, and have not run.
      const statements = ask.before === undefined ? Math.max(1, analysis.statements) : 0;
      const refused = overdrawn(charges, statements);
      if (refused !== null) return refused;
      const charging = new Charging({ budgets, asker: asker.subject.name, charges, subjects, crossed });
      if (statements > 0) charging.statements(statements);
      return { charging };
    },
  };
}

const maxOver = 64;
const uncharged: Begun = { charging: null };
const nothingKnown: Spending = {
  known: {},
  hint: () => undefined,
  predicate: () => false,
  begin: () => uncharged,
};

/** One list for each column, always the same object: plans are kept by it. */
const wanted = new Map<string, readonly ColumnMask[]>();
const maxWanted = 1_000;

function wantedOf(column: string): readonly ColumnMask[] {
  let masks = wanted.get(column);
  if (masks === undefined) {
    if (wanted.size >= maxWanted) wanted.clear();
    masks = [{ rule: "budget", pattern: column, mask: { method: "redact" }, predicates: "allow", counts: "allow" }];
    wanted.set(column, masks);
  }
  return masks;
}

/** Where a result shows values of the column, found as a mask on it would be; a text: why that cannot be told. */
function subjectsOf(
  planMasks: PlanMasks,
  charge: BudgetCharge,
  analysis: SqlAnalysis,
  catalogue: Catalogue,
): SubjectCharge | string | null {
  if (charge.key.measure !== "subjects" || charge.column === undefined || catalogue === noCatalogue) return null;
  const planned = planMasks(analysis, catalogue, wantedOf(charge.column));
  if (planned.outcome === "deny") return "this statement copies them to where they could be read uncounted";
  if (planned.masks === null) return null;
  if (analysis.copy !== null || analysis.copyQuery !== null) return "the rows of a COPY are not looked into for it";
  return { charge, plan: planned.masks };
}
