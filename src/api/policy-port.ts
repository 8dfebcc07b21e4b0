import type { Abilities, BudgetKey, PolicyChecks, RecordedHistory, Today } from "../policy/index.js";
import type { Grant, SubjectId } from "../vocabulary/index.js";

/** What the policy routes look at beside the rules themselves. */
export interface PolicyTools {
  /** Tests, known columns and protocols, for plans. */
  readonly checks: PolicyChecks;
  readonly protocols: readonly Abilities[];
  /** Recorded statements; what was done a moment ago is in it. */
  readonly history: RecordedHistory;
  readonly today: Today;
  /** Access granted to the subject for a time. */
  grants(subject: SubjectId): readonly Grant[];
  /** What was used of budgets until now. */
  readonly budgets: {
    list(): readonly { readonly key: BudgetKey; readonly used: number }[];
    roomAt(key: BudgetKey, limit: number): number | null;
  };
}
