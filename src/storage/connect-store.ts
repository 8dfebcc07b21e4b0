import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Db } from "./store.js";

/** How a store that is open, and migrated, is reached once more: plain data, good for another thread of this process. */
export interface StoreWay {
  readonly connection: pg.ClientConfig;
  /** Longest statement, milliseconds. */
  readonly statementTimeoutMs: number;
}

/** Connections to it, opened when they are needed. `broke` hears of those that break while nobody uses them. */
export function connectStore(way: StoreWay, connections: number, broke: (error: Error) => void): Db {
  const pool = new pg.Pool({
    ...way.connection,
    max: connections,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: way.statementTimeoutMs,
    // The server may be unable to say so: our side gives up as well.
    query_timeout: way.statementTimeoutMs + 1_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  // A connection that breaks while idle is dropped by the pool; the next query opens another.
  pool.on("error", broke);
  hearAll(pool);
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}

/**
 * The pool hears a connection's errors only while nobody uses it. One that breaks between two queries of a transaction
 * would end the process; its user learns of it by the next query.
 */
export function hearAll(pool: pg.Pool): void {
  pool.on("connect", (client) => client.on("error", () => {}));
}
