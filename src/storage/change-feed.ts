import { type Kysely, sql } from "kysely";
import pg from "pg";
import type { StoreLog } from "./log.js";
import { type ChangeFeed, type Db, type Topic, topics } from "./store.js";

const channel = "hoop_changes";
const pollMs = 250;
const answerMs = 2_000;
const longestBackOffMs = 2_000;

interface FeedOptions {
  readonly db: Db;
  readonly connection: pg.ClientConfig;
  readonly log: StoreLog;
}

/** The publishing half of a feed, which needs nothing but the store. */
export function publisher(store: Db): Pick<ChangeFeed, "publish"> {
  return {
    async publish<Tables>(topic: Topic, trx?: Kysely<Tables>): Promise<void> {
      const db: Kysely<Tables> | Db = trx ?? store;
      // One statement: many transactions end with this.
      await sql`with bumped as (
          insert into hoop_changes (topic, version) values (${topic}, 1)
          on conflict (topic) do update set version = hoop_changes.version + 1 returning topic
        ) select pg_notify(${channel}, topic) from bumped`.execute(db);
    },
  };
}

/**
 * One client of its own listens and polls: the notification says that something changed, the versions say what. A lost
 * notification or connection costs one poll.
 */
export class PostgresChangeFeed implements ChangeFeed {
  readonly #options: FeedOptions;
  readonly #publisher: Pick<ChangeFeed, "publish">;
  readonly #listeners = new Map<Topic, Set<() => void>>(topics.map((topic) => [topic, new Set()]));
  readonly #versions = new Map<string, string>();
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #polling = false;
  #again = false;
  #closed = false;
  #backOffMs = 50;
  /** When the poll that was answered last was asked: what it saw is at least that new. */
  #freshAt = Number.NEGATIVE_INFINITY;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#publisher = publisher(options.db);
  }

  /** Resolves once listening, with every version known. */
  async start(): Promise<void> {
    await this.#connect();
    await this.#poll();
    this.#schedule(pollMs);
  }

  publish<Tables>(topic: Topic, trx?: Kysely<Tables>): Promise<void> {
    return this.#publisher.publish(topic, trx);
  }

  watch(topic: Topic, listener: () => void): () => void {
    // The same function given twice is two watchers.
    const own = () => listener();
    const listeners = this.#listeners.get(topic)!;
    listeners.add(own);
    return () => listeners.delete(own);
  }

  staleness(): number {
    return performance.now() - this.#freshAt;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      ...this.#options.connection,
      connectionTimeoutMillis: 5_000,
      query_timeout: answerMs,
      keepAlive: true,
    });
    const lost = (error: unknown) => {
      if (this.#client !== client) return;
      this.#client = null;
      if (!this.#closed) this.#options.log.warn({ err: error }, "the change feed lost the store; it reconnects");
      client.end().catch(() => {});
    };
    client.on("error", lost);
    client.on("end", () => lost(null));
    client.on("notification", () => void this.#poll());
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    if (this.#closed) {
      await client.end().catch(() => {});
      return;
    }
    this.#client = client;
  }

  #schedule(afterMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#turn(), afterMs);
    this.#timer.unref();
  }

  async #turn(): Promise<void> {
    if (this.#client === null) {
      try {
        await this.#connect();
        this.#backOffMs = 50;
      } catch (error) {
        this.#options.log.debug({ err: error }, "the change feed cannot reach the store");
        this.#backOffMs = Math.min(this.#backOffMs * 2, longestBackOffMs);
        this.#schedule(this.#backOffMs * (0.5 + Math.random() / 2));
        return;
      }
    }
    await this.#poll();
    this.#schedule(pollMs);
  }

  /** One at a time; a notification during a poll asks for another one, which sees what this one may have missed. */
  async #poll(): Promise<void> {
    if (this.#polling) {
      this.#again = true;
      return;
    }
    this.#polling = true;
    try {
      do {
        this.#again = false;
        await this.#pollOnce();
      } while (this.#again && !this.#closed);
    } finally {
      this.#polling = false;
    }
  }

  async #pollOnce(): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    const askedAt = performance.now();
    try {
      const { rows } = await client.query<{ topic: string; version: string }>(
        "select topic, version from hoop_changes",
      );
      const first = this.#freshAt === Number.NEGATIVE_INFINITY;
      this.#freshAt = askedAt;
      for (const { topic, version } of rows) {
        if (this.#versions.get(topic) === version) continue;
        this.#versions.set(topic, version);
        if (!first) this.#tell(topic as Topic);
      }
    } catch (error) {
      // A client that does not answer in time may be half dead: a new one is sure.
      if (this.#client !== client) return;
      this.#client = null;
      if (!this.#closed) this.#options.log.warn({ err: error }, "the store did not answer the change feed");
      (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
      client.end().catch(() => {});
    }
  }

  #tell(topic: Topic): void {
    for (const listener of this.#listeners.get(topic) ?? []) {
      try {
        listener();
      } catch (error) {
        this.#options.log.error({ err: error, topic }, "a watcher of the change feed failed");
      }
    }
  }
}
