/** Which connections: those whose name fits one of the patterns, or that carry all of these labels. */
export interface ConnectionBound {
  /** Globs with `*`: `pg-*`. Absent: by labels alone. */
  readonly names?: readonly string[] | undefined;
  /** All of them. Absent: by name alone. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/**
 * The most that a key, a federated token or a delegation lets its holder do, whatever the holder's own rights are. It only ever
 * takes away.
 */
export interface Bounds {
  /** Where it comes from, for refusals: `key "deploy"`, `ada's delegation`. */
  readonly of: string;
  /** One of them must fit; absent: every connection. */
  readonly connections?: readonly ConnectionBound[] | undefined;
  /** Statements that do nothing but read, and requests to the API that change nothing. */
  readonly readOnly?: boolean | undefined;
  /** What the API may be asked for, by the permissions' names; absent: all that the subject may. Empty: nothing but what everybody may. */
  readonly permissions?: readonly string[] | undefined;
  /** Milliseconds since the epoch: what rests on it ends then. */
  readonly until?: number | undefined;
}
