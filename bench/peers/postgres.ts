import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listening, run, start } from "./process.js";

/** A PostgreSQL server of its own, on loopback, in a temporary folder. */
export interface PostgresPeer {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly pid: number;
  /** Superuser, who logs in by SCRAM. */
  readonly user: "bench";
  readonly password: string;
  /** Runs a script as that user. */
  sql(text: string, database?: string): Promise<string>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** How loopback logs in; `trust` where a recording must replay. */
  readonly auth?: "scram-sha-256" | "trust";
  /** A PEM pair: the server speaks TLS too. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  readonly settings?: Readonly<Record<string, string>>;
}

/** The newest server that is installed. */
function binaries(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  if (versions.length === 0) throw new Error("no PostgreSQL server is installed (apt-get install postgresql)");
  return join(root, versions[0]!, "bin");
}

/** `initdb`, `postgres` and pgbouncer refuse root: as root they run as the package's own user. */
export async function unprivileged(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag: string) => Number((await run("id", [flag, "postgres"])).trim());
  return { uid: await id("-u"), gid: await id("-g") };
}

/** Everything cached and nothing synced: what is measured is the way, not the disk. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresPeer> {
  const folder = mkdtempSync(join(tmpdir(), "hoop-bench-pg-"));
  const data = join(folder, "data");
  const password = "bench-password";
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const owner = await unprivileged();
  const own = (path: string) => {
    if (owner.uid !== undefined) chownSync(path, owner.uid, owner.gid!);
  };
  own(folder);
  own(passwordFile);
  const bin = binaries();
  const auth = options.auth ?? "scram-sha-256";
  await run(
    join(bin, "initdb"),
    ["-D", data, "-U", "bench", `--pwfile=${passwordFile}`, `--auth=${auth}`, "--no-sync", "-E", "UTF8", "--locale=C"],
    { ...owner, cwd: folder },
  );
  const port = await freePort();
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: folder,
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    max_connections: "200",
    shared_buffers: "256MB",
    autovacuum: "off",
    max_wal_size: "4GB",
    ...options.settings,
  };
  if (options.tls) {
    for (const [name, text] of Object.entries({ "server.key": options.tls.key, "server.crt": options.tls.cert })) {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      own(path);
    }
    Object.assign(settings, {
      ssl: "on",
      ssl_key_file: join(folder, "server.key"),
      ssl_cert_file: join(folder, "server.crt"),
    });
  }
  const server = start(
    join(bin, "postgres"),
    ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    { ...owner, cwd: folder },
  );
  await listening(port, server);
  const peer: PostgresPeer = {
    host: "127.0.0.1",
    port,
    pid: server.pid,
    user: "bench",
    password,
    sql: (text, database = "postgres") =>
      run(
        "psql",
        [
          "-X",
          "-q",
          "-v",
          "ON_ERROR_STOP=1",
          "-At",
          "-h",
          "127.0.0.1",
          "-p",
          String(port),
          "-U",
          "bench",
          "-d",
          database,
        ],
        {
          input: text,
          env: { ...process.env, PGPASSWORD: password, PGSSLMODE: "disable" },
        },
      ),
    async stop() {
      // Fast shutdown: sessions are ended, not waited for.
      await server.stop("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  // Accepting connections comes before being able to answer.
  for (let tries = 0; ; tries++) {
    try {
      await peer.sql("select 1");
      return peer;
    } catch (error) {
      if (tries >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
