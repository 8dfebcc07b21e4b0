/** What of a target's definitions decides whether a write can be taken back, read in the very transaction that would try it. */
export interface WriteFacts {
  /** Triggers that people made and that are not disabled. */
  readonly triggers: readonly WriteTrigger[];
  readonly foreignKeys: readonly WriteForeignKey[];
  /** Relations with a column that takes its value from a sequence when none is given, by id. */
  readonly sequenced: readonly number[];
  /** Relations with rewrite rules other than a view's own, by id. */
  readonly ruled: readonly number[];
}

export type WriteCommand = "insert" | "update" | "delete";

export interface WriteTrigger {
  readonly name: string;
  readonly relation: number;
  readonly function: number;
  /** Functions of its WHEN, by id. */
  readonly calls: readonly number[];
  readonly on: readonly WriteCommand[];
}

/** What a foreign key does to the rows of `from` when rows of `to` change. */
export interface WriteForeignKey {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly onDelete: ForeignKeyAction;
  readonly onUpdate: ForeignKeyAction;
}

export type ForeignKeyAction = "refuse" | "cascade" | "set-null" | "set-default";

/** Whether a statement can be tried and taken back without a trace. */
export type WriteProof =
  | { readonly provable: true; readonly triggers: readonly string[]; readonly cascades: readonly string[] }
  | { readonly provable: false; readonly why: string };

/** A statement that changes one table, as far as its own first words say. */
export interface PlainWrite {
  readonly verb: "INSERT" | "UPDATE" | "DELETE" | "MERGE";
  /** The id of the table. */
  readonly relation: number;
  /** What the statement itself calls the table, quoted as there: its alias, or its name. */
  readonly called: string;
  /** A list of the rows' keys may be had by RETURNING at its very end. */
  readonly appendable: boolean;
}
