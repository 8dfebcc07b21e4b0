import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { HoopError } from "../../vocabulary/index.js";
import type { StoreLog } from "../log.js";
import type { Binaries } from "./binaries.js";
import { serverEnvironment } from "./initialise.js";
import { ids, type ProcessUser } from "./process-user.js";
import { reapServer } from "./reap.js";

export interface PostmasterOptions {
  readonly binaries: Binaries;
  readonly user: ProcessUser;
  readonly data: string;
  /** Folder of the unix socket; null where there are none. */
  readonly sockets: string | null;
  /** Null: no TCP at all. */
  readonly tcp: { readonly host: string; readonly port: number } | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly admin: pg.ClientConfig;
  readonly log: StoreLog;
  /** From spawn to ready, milliseconds: after a crash the log is replayed first. */
  readonly startMs: number;
}

/** One running server, started again when it dies. */
export interface Postmaster {
  readonly pid: number | null;
  stop(): Promise<void>;
}

const longestBackOffMs = 30_000;

/** Starts the server and resolves once it answers. */
export async function startPostmaster(options: PostmasterOptions, signal: AbortSignal): Promise<Postmaster> {
  const { log } = options;
  const ending = new AbortController();
  let child = await launch(options, signal);
  const supervise = async () => {
    let backOffMs = 250;
    for (;;) {
      const startedAt = performance.now();
      await exited(child);
      if (ending.signal.aborted) return;
      if (performance.now() - startedAt > longestBackOffMs) backOffMs = 250;
      log.error({ code: child.exitCode, signal: child.signalCode }, "the embedded PostgreSQL died; starting it again");
      for (;;) {
        await sleep(backOffMs, undefined, { signal: ending.signal }).catch(() => {});
        if (ending.signal.aborted) return;
        try {
          child = await launch(options, ending.signal);
          // Told to stop while it was starting: nobody else would.
          if (ending.signal.aborted) return await halt(child);
          break;
        } catch (error) {
          if (ending.signal.aborted) return;
          log.error({ err: error }, "the embedded PostgreSQL does not start");
          backOffMs = Math.min(backOffMs * 2, longestBackOffMs);
        }
      }
    }
  };
  const supervised = supervise();
  return {
    get pid() {
      return child.exitCode === null && child.signalCode === null ? (child.pid ?? null) : null;
    },
    stop: async () => {
      ending.abort();
      await halt(child);
      await supervised;
    },
  };
}

async function launch(options: PostmasterOptions, signal: AbortSignal): Promise<ChildProcess> {
  const { binaries, user, data, sockets, log } = options;
  const { reaped } = await reapServer(data);
  if (reaped) log.warn({ data }, "stopped an embedded PostgreSQL whose gateway was gone");
  // Left by a server that was killed; its lock names a pid that may be anybody's by now.
  const socket = `.s.PGSQL.${options.admin.port}`;
  if (sockets !== null) for (const name of [socket, `${socket}.lock`]) await rm(join(sockets, name), { force: true });
  signal.throwIfAborted();
  const child = spawn(binaries.postgres, ["-D", data, ...settingArgs(options)], {
    cwd: "/",
    env: serverEnvironment,
    stdio: ["ignore", "ignore", "pipe"],
    // A Ctrl-C for the gateway's process group is the gateway's to handle: it stops us last.
    detached: true,
    windowsHide: true,
    ...ids(user),
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    const text = chunk.toString("utf8");
    said = (said + text).slice(-4_000);
    log.debug({ postgres: text.trimEnd() }, "embedded PostgreSQL");
  });
  const failure = new Promise<Error>((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code) => resolve(new Error(`exit code ${code}: ${said}`)));
  });
  const ready = await Promise.race([failure, answers(options, signal)]);
  if (ready === null) return child;
  await halt(child);
  signal.throwIfAborted();
  throw new HoopError("unavailable", "the embedded PostgreSQL did not start", {
    cause: ready,
    hint: said.trim().split("\n").at(-1)?.slice(0, 300),
  });
}

function settingArgs(options: PostmasterOptions): string[] {
  const { sockets, tcp } = options;
  const settings: Record<string, string> = {
    fsync: "on",
    full_page_writes: "on",
    listen_addresses: tcp?.host ?? "",
    port: String(options.admin.port),
    unix_socket_directories: sockets === null ? "" : `"${sockets.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
    password_encryption: "scram-sha-256",
    max_connections: "60",
    shared_buffers: "64MB",
    timezone: "UTC",
    log_timezone: "UTC",
    logging_collector: "off",
    log_destination: "stderr",
    // Texts of failed statements can hold what nobody should read in a log.
    log_min_error_statement: "panic",
    ...options.settings,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Null once it answers a query; an error when it takes too long. */
async function answers(options: PostmasterOptions, signal: AbortSignal): Promise<Error | null> {
  const deadline = performance.now() + options.startMs;
  let last: unknown;
  while (performance.now() < deadline && !signal.aborted) {
    const client = new pg.Client({ ...options.admin, connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      return null;
    } catch (error) {
      last = error;
    } finally {
      await client.end().catch(() => {});
    }
    await sleep(20);
  }
  return new Error("no answer in time", { cause: last });
}

function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** Fast shutdown: open transactions are rolled back, all is written. Immediate when that takes too long. */
async function halt(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = exited(child);
  child.kill("SIGINT");
  const patience = setTimeout(() => child.kill(process.platform === "win32" ? "SIGKILL" : "SIGQUIT"), 10_000);
  await gone;
  clearTimeout(patience);
}
