import type {
  Analysis,
  ColumnMask,
  Connection,
  Outcome,
  Permit,
  PermitPurpose,
  Reason,
  RuleId,
  StatementId,
  Subject,
  Verdict,
} from "../vocabulary/index.js";

/** What a decision looks at. Nouns only; no protocol's bytes. */
export interface Situation {
  readonly subject: Subject;
  readonly connection: Connection;
  readonly analysis: Analysis;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds since this subject last answered a second factor for this connection; null: never. Absent counts as never. */
  readonly freshness?: (() => number | null) | undefined;
  /** What was used up already; absent: nothing is known, and a budget rule counts as used up. */
  readonly usage?: ((key: BudgetKey) => number) | undefined;
  /** What the target expects the statement to do; absent: not asked, see `Decision.needs`. Null: it could not be told. */
  readonly estimate?: PlanEstimate | null | undefined;
}

/** One budget's counter. The owner is the subject's or the group's name, or `*`; the session's id when it is per session. */
export interface BudgetKey {
  readonly rule: RuleId;
  readonly measure: BudgetMeasure;
  readonly window: "session" | "hour" | "day";
  readonly owner: string;
}

/** What budgets count; `subjects`: distinct values of the column that names whom the data is about. */
export const budgetMeasures = ["rows", "bytes", "statements", "subjects"] as const;
export type BudgetMeasure = (typeof budgetMeasures)[number];

/** From the target's own planner. */
export interface PlanEstimate {
  readonly rows: number;
  readonly cost: number;
  /** Relations that would be read from end to end, with the planner's idea of their rows. */
  readonly scans: readonly { readonly relation: string; readonly rows: number }[];
}

/** What the rules that were looked at depend on; only `shape` decisions may be cached by shape. */
export type Dependence = "shape" | "values" | "clock" | "budget" | "freshness" | "estimate";

export interface Decision {
  readonly verdict: Verdict;
  readonly dependsOn: ReadonlySet<Dependence>;
  /** Rules in shadow mode that would have changed the outcome, with what they would have said. */
  readonly shadows?: readonly {
    readonly rule: RuleId;
    readonly outcome: Outcome;
    readonly reasons: readonly Reason[];
  }[];
  /** Not decided yet: a rule asks for the planner's estimate. Get it (null when it cannot be had) and decide again. */
  readonly needs?: "estimate" | undefined;
  /** Budgets that what this statement does is charged to, when it is let through. */
  readonly charges?: readonly BudgetCharge[];
}

/** Counts into a budget while the statement runs; `left` may be passed in the middle of a result. */
export interface BudgetCharge {
  readonly key: BudgetKey;
  readonly limit: number;
  /** When the limit is crossed while rows are coming. */
  readonly then: "stop" | "warn";
}

/** One compiled, immutable version of all rules. */
export interface PolicySet {
  readonly version: string;
  /** May this subject open this connection at all? The analysis is `connectAnalysis(connection)`. */
  decide(situation: Situation): Decision;
  /** Columns masked for this subject on this connection now, most specific rule first. */
  masksFor(
    subject: Subject,
    connection: Connection,
    now: number,
  ): { readonly masks: readonly ColumnMask[]; readonly dependsOn: ReadonlySet<Dependence> };
  /** Every rule as a sentence. */
  explain(): readonly { readonly rule: string; readonly text: string }[];
}

/** The rules in force; watched, not fetched. */
export interface PolicySource {
  current(): PolicySet;
  /** Called after each change, with the new set in place. Returns the way to stop. */
  watch(listener: (set: PolicySet) => void): () => void;
}

/** Mints the value that opens the way. Only the gate calls it, only on an allow. */
export type MintPermit = (decision: Decision, statement: StatementId, purpose: PermitPurpose) => Permit;
