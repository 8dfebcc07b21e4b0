import type { Analysis, Catalogue } from "../vocabulary/index.js";

/** What a text means depends on this as well; part of every cache key. */
export interface SqlContext {
  readonly database: string;
  readonly role: string;
  /** As set in the session; null: the catalogue's. */
  readonly searchPath: string | null;
  /** Lower-case names; `standard_conforming_strings` and `client_encoding` at least, where known. */
  readonly settings: Readonly<Record<string, string>>;
  /** Texts of SQL-level prepared statements by name; null: not followed, `EXECUTE` is unknown. */
  readonly prepared: ReadonlyMap<string, string> | null;
  /** The session is one for replication, which has commands of its own beside SQL. */
  readonly replication?: boolean | undefined;
}

/** How a column of a relation is used by a statement. */
export type ColumnUse =
  /** A plain result column: its value leaves as that column, and RowDescription says so. */
  | "output"
  /** Inside an expression whose value is part of the result. */
  | "computed"
  /** Decides which rows, groups or order come: WHERE, ON, GROUP BY, ORDER BY, HAVING, DISTINCT, window. */
  | "predicate"
  /**
   * Nothing is told by the value itself, or not to whoever asks: `a is null`; `set a = lower(a)`, which stays where it is; a condition in
   * a view's definition, in which nobody who reads the view has a say.
   */
  | "presence"
  /** Flows into anything but a result column: another table, a setting, NOTIFY, a sequence, a large object, a volatile function. */
  | "sink"
  /** Written to (the target of INSERT, UPDATE). */
  | "target";

/** A column that a statement touches. `relation` is the catalogue's id; null: not resolved, then `name` matches any relation in reach. */
export interface ColumnReference {
  readonly relation: number | null;
  /** `*`: every column (star, whole row, natural join, a view's body that could not be followed). */
  readonly name: string;
  readonly use: ColumnUse;
}

/** How much of a column's value is in a result. */
export type SourceKind =
  /** It is that value, unchanged: a plain column, renamed, cast to text, the smallest of several, a branch of CASE. */
  | "own"
  /** Only whether there is a value: `count(a)`, `a is null`. */
  | "presence"
  /** Only how many different values there are: `count(distinct a)`. */
  | "distinct"
  /** Anything else. */
  | "made";

/** A column that a result's value can come from. */
export interface ResultSource {
  /** The catalogue's id; null: not resolved, then `name` matches any relation in reach. */
  readonly relation: number | null;
  /** `*`: any column of it. */
  readonly name: string;
  readonly kind: SourceKind;
  /** It is a view's column, and what that is made of is listed beside it. */
  readonly via: boolean;
}

/** One column of a result, by position. */
export interface ResultColumn {
  /** Every column that the value can come from. A condition that merely decides which value comes is a `predicate` among the columns. */
  readonly sources: readonly ResultSource[];
  /** It is one column of a relation, and the server's description of the result says so. */
  readonly plain: boolean;
}

/** Analysis of a SQL text (all of its statements together) against a catalogue. Plain data. */
export interface SqlAnalysis extends Analysis {
  /** Ids of every relation in reach: named, through views, rules, inheritance, readable functions. */
  readonly reach: readonly number[];
  readonly columns: readonly ColumnReference[];
  /**
   * The columns of each statement's result, by the statement's place in the text; of `COPY (query)` those of its query. Null: it has
   * none, or which column stands where cannot be told. Absent: nothing is known.
   */
  readonly results?: readonly (readonly ResultColumn[] | null)[];
  /** The cursor that a text of this one statement declares, or fetches from. */
  readonly cursor?: { readonly name: string; readonly does: "declare" | "fetch" };
  /** It runs bodies that were read: they may have others by the time that a cursor over it is fetched from. */
  readonly callsBodies?: boolean;
  /** A body that it runs declares a cursor. */
  readonly declaresInside?: boolean;
  /** Something whose reach cannot be read is called (an opaque function, dynamic SQL): anything may be reachable. */
  readonly opaque: boolean;
  /** Something that it sets off, a trigger say, cannot be read: its messages may quote anything. */
  readonly opaqueText?: boolean;
  /** Columns of `COPY table (…) TO STDOUT`, in order; null: no such copy, or a copy of a query. */
  readonly copy: readonly { readonly relation: number; readonly column: number }[] | null;
  /** Inner text of `COPY (query) TO STDOUT`; null: none. */
  readonly copyQuery: string | null;
  /** The statement changes the catalogue: caches by catalogue version end here. */
  readonly changesCatalogue: boolean;
  /** It changes what names mean (RENAME, DROP, a function's or view's body): until that is committed the catalogue does not hold. */
  readonly changesMeanings?: boolean;
  /** The statement changes what later texts mean: SET, set_config, SET ROLE, PREPARE, DEALLOCATE, DISCARD. */
  readonly changesContext: boolean;
  readonly statements: number;
}

export interface SqlAnalyser {
  /**
   * Analyses a text. Calls back once, at once when the answer is cached. Never throws: text that cannot be parsed gives an
   * analysis with `unknown` among its effects and the reason under `unknowns`; a poisoned or overdue worker gives the same.
   */
  analyse(text: string, context: SqlContext, catalogue: Catalogue, done: (analysis: SqlAnalysis) => void): void;
  stats(): { readonly hits: number; readonly misses: number; readonly recycled: number };
  close(): Promise<void>;
}
