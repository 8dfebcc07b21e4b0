import type {
  Analysis,
  ColumnMask,
  Connection,
  Permit,
  PermitPurpose,
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
}

/** What the rules that were looked at depend on; only `shape` decisions may be cached by shape. */
export type Dependence = "shape" | "values" | "clock" | "budget" | "freshness";

export interface Decision {
  readonly verdict: Verdict;
  readonly dependsOn: ReadonlySet<Dependence>;
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
