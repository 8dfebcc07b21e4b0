import type { Analysis, Connection, Outcome, Subject } from "../../vocabulary/index.js";

/** A statement as it was recorded; its values were sealed and are not here. */
export interface RecordedStatement {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly session: string;
  readonly statement: string;
  readonly subject: string;
  readonly name: string;
  readonly connection: string;
  readonly outcome: Outcome;
  readonly reasons: readonly { readonly rule: string | null; readonly code: string; readonly text: string }[];
  /** Opening the connection, held or challenged. */
  readonly connecting: boolean;
  /** Hash of the analysis; null: there is none, or it was sealed apart. */
  readonly analysis: string | null;
  /** The text without its literals; null: it could not be shown. */
  readonly shown: string | null;
  readonly shadows: readonly {
    readonly rule: string;
    readonly outcome: Outcome;
    readonly reasons: readonly { readonly text: string }[];
  }[];
}

/** Beginnings of sessions tell whose they were. */
export interface RecordedSession {
  readonly session: string;
  /** At that time; null: recorded before groups were. */
  readonly groups: readonly string[] | null;
}

export interface RecordedBatch {
  readonly sessions: readonly RecordedSession[];
  readonly statements: readonly RecordedStatement[];
}

/** What was recorded; `storage` reads it block by block, so that a month fits into memory. */
export interface RecordedHistory {
  /** `only: shadows`: statements for which a rule that watches said something. */
  read(
    since: number,
    until: number,
    options: { readonly only?: "shadows" | undefined; readonly signal: AbortSignal },
  ): AsyncIterable<RecordedBatch>;
  /** By hash; what is not there is left out. */
  analyses(hashes: readonly string[]): Promise<ReadonlyMap<string, Analysis>>;
}

/** Who and what a recorded name means today. */
export interface Today {
  subject(id: string): Promise<Subject | null>;
  connection(name: string): Connection | null;
}
