import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { HoopError } from "../vocabulary/index.js";
import { PostgresChangeFeed } from "./change-feed.js";
import type { StoreConfig } from "./config.js";
import { connectStore, hearAll, type StoreWay } from "./connect-store.js";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded/start.js";
import type { StoreLog } from "./log.js";
import { migrate } from "./migrate.js";
import { migrations } from "./migrations/index.js";
import type { Db, Store } from "./store.js";

const oldestServer = 150_000;

/**
 * Opens the store: the PostgreSQL that `databaseUrl` names, or one of our own that lives and stops with it. Its tables
 * are migrated first.
 * Throws HoopError: `unavailable`, `unsupported` (too old), `conflict` (the folder has another owner).
 */
export async function openStore(
  config: StoreConfig,
  { log, signal }: { log: StoreLog; signal: AbortSignal },
): Promise<Store> {
  const embedded =
    config.databaseUrl === null
      ? await startEmbeddedPostgres({ dataDir: config.dataDir, listen: "socket", database: "hoop", log, signal })
      : null;
  const closing: (() => Promise<void>)[] = embedded === null ? [] : [() => embedded.stop()];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const connection = connectionTo(config, embedded);
    await checkServer(connection);
    await migrateWith(connection, log);
    signal.throwIfAborted();

    const way: StoreWay = { connection, statementTimeoutMs: config.statementTimeoutMs };
    const db = connectStore(way, config.poolSize, (error) =>
      log.warn({ err: error }, "a connection to the store broke"),
    );
    closing.push(() => db.destroy());

    const changes = new PostgresChangeFeed({ db, connection, log });
    closing.push(() => changes.close());
    await changes.start();
    return { db, changes, way, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function connectionTo(config: StoreConfig, embedded: EmbeddedPostgres | null): pg.ClientConfig {
  const common = { application_name: "hoop gateway", keepAlive: true };
  return embedded === null ? { ...common, connectionString: config.databaseUrl! } : { ...common, ...embedded.admin };
}

async function checkServer(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      "select current_setting('server_version_num')::int as number, current_setting('server_version') as name",
    );
    if (rows[0].number >= oldestServer) return;
    throw new HoopError("unsupported", `the store is PostgreSQL ${rows[0].name}, and Hoop needs 15 or newer`, {
      hint: "point DATABASE_URL at a newer server, or unset it for the embedded one",
    });
  } catch (error) {
    if (error instanceof HoopError) throw error;
    // The driver's text names host, port and user, never the password.
    throw new HoopError(
      "unavailable",
      `the store cannot be reached: ${error instanceof Error ? error.message : "unknown error"}`,
      {
        cause: error,
        hint: "check DATABASE_URL",
      },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

/** On connections of its own: a migration may take longer than a statement may. */
async function migrateWith(connection: pg.ClientConfig, log: StoreLog): Promise<void> {
  const pool = new pg.Pool({ ...connection, max: 2 });
  pool.on("error", () => {});
  hearAll(pool);
  const db: Db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(db, migrations, log);
  } finally {
    await db.destroy();
  }
}
