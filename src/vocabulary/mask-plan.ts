import type { ScanPlan } from "./detector.js";
import type { ColumnMask, Mask } from "./mask.js";

/**
 * What becomes of each value that one statement returns. Keys are the protocol's own for where a value comes from; for
 * PostgreSQL a relation is its oid, a column `<oid>.<attnum>`.
 * A column passes only when its relation is proven and it is not in `columns`; everything else is `others`.
 */
export interface MaskPlan {
  readonly columns: ReadonlyMap<string, Mask>;
  /** Relations known to be base tables: a column of theirs that is not in `columns` passes. */
  readonly proven: ReadonlySet<string>;
  /** For a result column that is not a plain column of a proven relation. Null: it passes, nothing sensitive is reachable. */
  readonly others: Mask | null;
  /** For free text that may quote values: errors, notices, parameter status, notifications. Null: it passes. */
  readonly text: Mask | null;
  /** Column keys in order of a bulk copy that describes itself no further; null: not known, each is `others`. */
  readonly copy: readonly string[] | null;
  /** For protocols that name values by path in a body: the rules themselves, most specific first. Absent: none. */
  readonly fields?: readonly ColumnMask[] | undefined;
  /** Values to find in what no column rule masks. Absent or null: none is looked at. */
  readonly scan?: ScanPlan | null | undefined;
  /**
   * What is masked at each position of a result, by the statement's place in its text; null: which column stands where is not
   * known. Holds only as far as the server's description of the result agrees; else `proven`, `columns` and `others` count.
   */
  readonly results?: readonly (readonly PositionMask[] | null)[] | undefined;
  /** Types of which any text is a value, beside those that the protocol knows itself; by its own ids. */
  readonly textTypes?: ReadonlySet<number> | undefined;
  /** Relations of the system that show no user's values. */
  readonly system?: ReadonlySet<string> | undefined;
}

/** One position of a result. */
export interface PositionMask {
  /** Null: nothing that is masked can be in it. */
  readonly mask: Mask | null;
  /** Column keys that the server may name as where it comes from. */
  readonly origins: ReadonlySet<string>;
  /** The server must name one of them. */
  readonly named: boolean;
}
