import { createHash } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../storage/embedded/start.js";
import type { StoreLog } from "../../storage/log.js";
import { sampleUser } from "../system-user.js";
import { giveSampleRoles } from "./roles.js";
import { sampleSql } from "./seed.js";

/** A running sample database. */
export interface SamplePostgres {
  /** Its socket; on Windows a loopback port. */
  readonly at: { readonly path: string } | { readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

/** The sample's own login, which makes a user for each session. */
export const sampleLogin = "demo";
export const sampleDatabase = "demo";

/**
 * A PostgreSQL that is not the store's: another server, another system user, another folder. Its login is no superuser, so that it reads no
 * files, starts no programs and reaches no other server; what it may use of the machine is little.
 */
const settings = {
  max_connections: "40",
  shared_buffers: "16MB",
  max_wal_size: "64MB",
  temp_file_limit: "64MB",
  max_parallel_workers_per_gather: "0",
  max_parallel_maintenance_workers: "0",
  autovacuum_max_workers: "1",
  max_replication_slots: "0",
  max_wal_senders: "0",
  wal_level: "minimal",
};

/** Starts it on a socket; the first start makes it. */
export async function startSamplePostgres(options: {
  readonly folder: string;
  readonly password: string;
  readonly log: StoreLog;
}): Promise<SamplePostgres> {
  const { folder, password, log } = options;
  // The password is given once, so that Hoop may rotate it. A store that was made anew derives another one, and begins with other data.
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, `postgres-${createHash("sha256").update(password).digest("hex").slice(0, 8)}`),
    listen: "socket",
    database: sampleDatabase,
    seedSql: `create role ${sampleLogin} login password ${pg.escapeLiteral(password)};\n${sampleSql}`,
    systemUser: sampleUser,
    settings,
    log,
  });
  try {
    await giveSampleRoles(server.admin);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const { host, port } = server.admin;
  return { at: server.address ?? { path: join(host, `.s.PGSQL.${port}`) }, stop: () => server.stop() };
}
