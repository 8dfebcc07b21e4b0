import pg from "pg";
import { openOwnClient, type TargetCredential } from "../../../protocol/index.js";
import type { Pipe } from "../../../transport/pipe.js";
import { type Connection, HoopError } from "../../../vocabulary/index.js";
import { errorFrom } from "../operate.js";
import { createPassage } from "../session/passage.js";

/** One question of ours at the target may take this long. */
const questionMs = 10_000;

/** A session of the administrator's to one database. */
export interface OwnConnection {
  readonly database: string;
  /** One statement with its values. Throws HoopError, its cause the target's own error. */
  ask(text: string, values?: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
  /** Several statements in one message; answers the last one's rows. */
  run(text: string): Promise<readonly (readonly unknown[])[]>;
  /** Several statements in one message; answers the rows of each. */
  runEach(text: string): Promise<readonly (readonly (readonly unknown[])[])[]>;
  /** It has ended by itself. */
  readonly lost: boolean;
  close(): void;
}

/**
 * Logs in by the very session that people's clients go through, so that TLS, SCRAM and the care for the secret are the same.
 * Nothing of a person's ever runs here.
 */
export async function connectOwn(
  open: () => Promise<Pipe>,
  connection: Connection,
  credential: TargetCredential,
  database: string,
): Promise<OwnConnection> {
  const client = new pg.Client({
    user: "hoop",
    database,
    application_name: "hoop credentials",
    ssl: false,
    connectionTimeoutMillis: questionMs,
    query_timeout: questionMs,
    stream: () => openOwnClient(createPassage, open, connection, credential) as never,
  });
  let lost: unknown = null;
  client.on("error", (error) => {
    lost = error;
  });
  const careful = async <T>(action: () => Promise<T>): Promise<T> => {
    if (lost !== null)
      throw new HoopError("unavailable", "the target's administrator's session broke", { cause: lost });
    try {
      return await action();
    } catch (error) {
      throw errorFrom(error);
    }
  };
  await careful(() => client.connect());
  try {
    // Names of ours are the system's, whatever the login's own search path says.
    await careful(() =>
      client.query("SET search_path = pg_catalog, pg_temp; SET lock_timeout = 5000; SET statement_timeout = 10000"),
    );
  } catch (error) {
    client.end().catch(() => {});
    throw error;
  }
  const runEach: OwnConnection["runEach"] = (text) =>
    careful(async () => {
      const results = (await client.query({ text, rowMode: "array" })) as unknown as
        | pg.QueryArrayResult<unknown[]>
        | pg.QueryArrayResult<unknown[]>[];
      return (Array.isArray(results) ? results : [results]).map(({ rows }) => rows);
    });
  return {
    database,
    ask: (text, values = []) =>
      careful(async () => (await client.query<unknown[]>({ text, values: [...values], rowMode: "array" })).rows),
    run: async (text) => (await runEach(text)).at(-1)!,
    runEach,
    get lost() {
      return lost !== null;
    },
    close: () => void client.end().catch(() => {}),
  };
}

/** The SQLSTATE behind an error of ours; null: it came from elsewhere. */
export function stateBehind(error: unknown): string | null {
  const code = error instanceof HoopError ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}
