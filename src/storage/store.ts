import type { Kysely } from "kysely";
import type { StoreWay } from "./connect-store.js";

/** A connection to the store, or a transaction on it, that knows no table yet. */
// biome-ignore lint/complexity/noBannedTypes: tables are added by each domain
export type Db = Kysely<{}>;

/**
 * The state that outlives a process, on PostgreSQL 15 or newer. Each domain owns the port of its store in its own room
 * and implements it in `storage/<domain>.ts`, with its tables in `storage/migrations/<domain>.ts`.
 */
export interface Store {
  /** Narrow it to your own tables: `store.db.withTables<IdentityTables>()`. */
  readonly db: Db;
  readonly changes: ChangeFeed;
  /** For another thread of this process: connections of its own. */
  readonly way: StoreWay;
  close(): Promise<void>;
}

/** Topics that replicas tell each other about. */
export const topics = [
  "identity",
  "roles",
  "connections",
  "policy",
  "secrets",
  "credentials",
  "agents",
  "sessions",
  "reviews",
  "freshness",
  "events",
  "event-log",
  "reactions",
  "runbooks",
  "exporters",
] as const;
export type Topic = (typeof topics)[number];

/** NOTIFY backed by a version poll (≤ 500 ms), so that a lost notification costs half a second and not a right. */
export interface ChangeFeed {
  /** Bumps the topic's version; inside `trx` it takes effect with the commit. */
  publish<Tables>(topic: Topic, trx?: Kysely<Tables>): Promise<void>;
  /** Called after each change by any replica, ours included. Returns the way to stop. */
  watch(topic: Topic, listener: () => void): () => void;
  /** Milliseconds since the store last answered a poll; a replica cut off too long refuses. */
  staleness(): number;
}
