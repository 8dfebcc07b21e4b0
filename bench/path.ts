import type { PostgresPeer } from "./peers/postgres.js";

/** A way to the server, open: where a client connects to. */
export interface OpenPath {
  readonly host: string;
  readonly port: number;
  /** What a client's environment must say beside host and port: user, database, password. */
  readonly env: Readonly<Record<string, string>>;
  /** The processes that the bytes pass, by name. */
  readonly pids: Readonly<Record<string, number>>;
  /** The same way with its long hop drawn out to that many milliseconds each way, already up; absent: it has none. */
  far?(
    oneWay: number,
  ): Promise<{ readonly host: string; readonly port: number; readonly env: Readonly<Record<string, string>> }>;
  stop(): Promise<void>;
}

/** One rung of the ladder. */
export interface Path {
  /** As the tables and criteria name it. */
  readonly name: string;
  /** Null: it can be run here; otherwise why not. */
  missing?(): string | null;
  start(server: PostgresPeer): Promise<OpenPath>;
}

/** The environment of a client of this path: nothing of the caller's own libpq settings. */
export function clientEnv(path: Pick<OpenPath, "host" | "port" | "env">): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PG"));
  return {
    ...Object.fromEntries(inherited),
    PGHOST: path.host,
    PGPORT: String(path.port),
    PGSSLMODE: "disable",
    PGGSSENCMODE: "disable",
    ...path.env,
  };
}

/** The login of a client that reaches the server itself. */
export function serverLogin(server: PostgresPeer): Readonly<Record<string, string>> {
  return { PGUSER: server.user, PGPASSWORD: server.password, PGDATABASE: "bench" };
}
