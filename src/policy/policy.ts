import type {
  Analysis,
  ColumnMask,
  Connection,
  Effect,
  Grant,
  HoldTerms,
  Outcome,
  Permit,
  PermitPurpose,
  Reason,
  RuleId,
  ScanRule,
  SessionId,
  StatementId,
  Subject,
  Verdict,
} from "../vocabulary/index.js";
import type { TokenMaking } from "./reveal-terms.js";

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
  readonly usage?: ((key: BudgetKey, limit: number) => number) | undefined;
  /** Whose budgets per session are meant; absent: a budget per session counts as used up. */
  readonly session?: SessionId | undefined;
  /** Access that this subject was granted for a time; absent: none. What rests on them rests on the clock. */
  readonly grants?: readonly Grant[] | undefined;
  /** What the target expects the statement to do; absent: not asked, see `Decision.needs`. Null: it could not be told. */
  readonly estimate?: PlanEstimate | null | undefined;
}

/** One budget's counter. The owner is the subject's or the group's name, or `*`; the session's id when it is per session. */
export interface BudgetKey {
  readonly rule: RuleId;
  readonly measure: BudgetMeasure;
  readonly window: BudgetWindow;
  readonly owner: string;
}

/** What budgets count; `subjects`: distinct values of the column that names whom the data is about. */
export const budgetMeasures = ["rows", "bytes", "statements", "subjects"] as const;
export type BudgetMeasure = (typeof budgetMeasures)[number];
export type BudgetWindow = "session" | "hour" | "day";

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
  /** Not decided yet, and a denial until it is: a rule asks for the planner's estimate. Get it (null when it cannot be had) and decide again. */
  readonly needs?: "estimate" | undefined;
  /** Budgets that what this statement does is charged to, when it is let through. */
  readonly charges?: readonly BudgetCharge[];
}

/** Counts into a budget while the statement runs; `left` may be passed in the middle of a result. */
export interface BudgetCharge {
  readonly key: BudgetKey;
  readonly limit: number;
  /** When the limit is crossed while rows are coming; `count`: nothing happens, the rule only watches or was approved past its limit. */
  readonly then: "stop" | "warn" | "count";
  /** With measure `subjects`: the column, `schema.table.column` with globs, whose distinct values are counted. */
  readonly column?: string | undefined;
}

/** Under which terms access may be asked for. */
export interface RequestTerms {
  /** All must be met. */
  readonly terms: readonly HoldTerms[];
  /** The longest that a grant may last. */
  readonly maxMs: number;
}

/**
 * What a rule asks of a protocol beyond bytes: names of capabilities (`a|b`: one of them will do), or `attribute:<name>` for one
 * that it must publish.
 */
export interface Demand {
  readonly rule: RuleId;
  readonly kind: string;
  readonly needs: readonly string[];
}

/** One compiled, immutable version of all rules. */
export interface PolicySet {
  readonly version: string;
  /** May this subject open this connection at all? The analysis is `connectAnalysis(connection)`. */
  decide(situation: Situation): Decision;
  /**
   * Columns masked for this subject on this connection now, most specific rule first, and what is looked for in values.
   * `purpose` is what the session states; absent: none. The lists are the same objects for the same rules.
   */
  masksFor(
    subject: Subject,
    connection: Connection,
    now: number,
    purpose?: string | null,
  ): {
    readonly masks: readonly ColumnMask[];
    /** Absent: nothing is looked for. */
    readonly scans?: readonly ScanRule[];
    readonly dependsOn: ReadonlySet<Dependence>;
  };
  /**
   * What must be met before this subject is granted these effects there; null: no rule lets it be asked for, or it would be
   * refused all the same. Several matching rules must all be met.
   */
  requestTerms(subject: Subject, connection: Connection, effects: readonly Effect[], now: number): RequestTerms | null;
  /** What must be met before this subject is shown the value behind a token of that purpose, all of it; null: nobody may ask. */
  revealTerms(subject: Subject, purpose: string, now: number): readonly HoldTerms[] | null;
  /** The forms in which rules make tokens of a purpose, of that column where one is named. */
  tokenMakings(purpose: string, column: string | null): readonly TokenMaking[];
  /**
   * Roles at the target that the rules grant the user made for a session of this subject; null: no rule that concerns it says
   * any. What the connection allows is the provider's to look at.
   */
  targetRoles(subject: Subject, connection: Connection, now: number): readonly string[] | null;
  /** What the rules in force for this subject on this connection need its protocol to do. */
  demands(subject: Subject, connection: Connection): readonly Demand[];
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
