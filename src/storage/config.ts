/** How the gateway finds its store. */
export interface StoreConfig {
  /** A PostgreSQL 15 or newer, `postgres://…`; null: the gateway starts its own. */
  readonly databaseUrl: string | null;
  /** Folder of the embedded server. */
  readonly dataDir: string;
  /** Connections of one replica to the store, besides the one that listens. */
  readonly poolSize: number;
  /** Longest statement, milliseconds. */
  readonly statementTimeoutMs: number;
}
