import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { HoopError } from "../../vocabulary/index.js";
import type { StoreLog } from "../log.js";
import { findBinaries } from "./binaries.js";
import { initialise, superuser } from "./initialise.js";
import { serverFolder, sharedFolder } from "./location.js";
import { takeOwnership } from "./owner-lock.js";
import { startPostmaster } from "./postmaster.js";
import { prepare, type ServerUser } from "./prepare.js";
import { socketFolder } from "./private-folder.js";
import { processUser } from "./process-user.js";

export interface EmbeddedPostgresOptions {
  /** The folder that is this server's alone; made if need be. */
  readonly dataDir: string;
  /**
   * `socket`: its own unix socket and no TCP (on Windows loopback TCP). An address adds TCP there, loopback only;
   * port 0 takes a free one.
   */
  readonly listen: "socket" | { readonly host: string; readonly port: number };
  readonly users?: readonly ServerUser[] | undefined;
  readonly database: string;
  /** Run once, as superuser, in one transaction, before the database appears. */
  readonly seedSql?: string | undefined;
  /** The system user it runs as when we are root. Another server, another user: they cannot read each other's files. */
  readonly systemUser?: string | undefined;
  /** More settings of postgresql.conf by name. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly log: StoreLog;
  /** Gives up starting; a running server is stopped by `stop`. */
  readonly signal?: AbortSignal | undefined;
}

export interface EmbeddedPostgres {
  /** How its superuser logs in: the socket where there is one. */
  readonly admin: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** Where TCP clients find it; null: nowhere. */
  readonly address: { readonly host: string; readonly port: number } | null;
  /** The postmaster's; null while it is down. */
  readonly pid: number | null;
  /** Fast and clean; then the folder is free. */
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL 18 of our own from npm's binaries, supervised until `stop`.
 * Throws HoopError: `conflict` (another process owns the folder), `unavailable`, `unsupported` (no binaries for this system).
 *
 * @example const target = await startEmbeddedPostgres({ dataDir, listen: { host: "127.0.0.1", port: 0 }, database: "shop", seedSql, log });
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const signal = options.signal ?? new AbortController().signal;
  const folder = resolve(options.dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await takeOwnership(folder);
  try {
    const user = await processUser(options.systemUser ?? "hoop-store");
    const place = await serverFolder(folder, user);
    const binaries = await findBinaries(user, user.uid === null ? folder : sharedFolder);
    const password = await generatedPassword(join(folder, "password"));
    const data = await initialise(place, binaries, user, password);
    const tcp = await tcpAddress(options);
    const port = tcp?.port ?? 5432;
    const sockets =
      process.platform === "win32" ? null : await socketFolder(join(place, "sockets"), `.s.PGSQL.${port}.lock`, user);
    const admin = { host: sockets ?? tcp!.host, port, user: superuser, password, database: options.database };
    const postmaster = await startPostmaster(
      {
        binaries,
        user,
        data,
        sockets,
        tcp,
        settings: options.settings ?? {},
        admin: { ...admin, database: "postgres" },
        log: options.log,
        startMs: 60_000,
      },
      signal,
    );
    try {
      await prepare(admin, {
        users: options.users ?? [],
        database: options.database,
        seedSql: options.seedSql ?? null,
      });
    } catch (error) {
      await postmaster.stop();
      throw error;
    }
    return {
      admin,
      address: tcp,
      get pid() {
        return postmaster.pid;
      },
      stop: async () => {
        await postmaster.stop();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function generatedPassword(file: string): Promise<string> {
  const there = (await readFile(file, "utf8").catch(() => "")).trim();
  if (there !== "") return there;
  const password = randomBytes(24).toString("base64url");
  await writeFile(`${file}.new`, `${password}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}

async function tcpAddress(options: EmbeddedPostgresOptions): Promise<{ host: string; port: number } | null> {
  const { listen } = options;
  if (listen === "socket" && process.platform !== "win32") return null;
  const wanted = listen === "socket" ? { host: "127.0.0.1", port: 0 } : listen;
  if (wanted.host !== "::1" && !/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(wanted.host)) {
    throw new HoopError("invalid", `an embedded PostgreSQL listens on loopback only, not on ${wanted.host}`);
  }
  return { host: wanted.host, port: wanted.port === 0 ? await freePort(wanted.host) : wanted.port };
}

function freePort(host: string): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolvePort(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
