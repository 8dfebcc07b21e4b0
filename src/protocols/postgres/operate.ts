import pg from "pg";
import { type Operator, openOwnClient, type Protocol } from "../../protocol/index.js";
import { HoopError, type PermitPurpose } from "../../vocabulary/index.js";
import { estimate } from "./operate/estimate.js";
import { runOn } from "./operate/own-client.js";
import { readCatalogue } from "./operate/read-catalogue.js";
import { rehearse } from "./operate/rehearse.js";
import { createPassage } from "./session/passage.js";

/** One question of ours at the target may take this long. */
const questionMs = 15_000;

/**
 * Hoop's own connection to a target. It logs in by the very session that people's clients go through, so that TLS, SCRAM
 * and the care for the secret are the same; only what it asks is Hoop's own.
 */
export const operate: NonNullable<Protocol["operate"]> = async (
  open,
  connection,
  credential,
  database,
): Promise<Operator> => {
  const stored = connection.target.database;
  const wanted = database ?? (typeof stored === "string" ? stored : credential.user);
  const client = new pg.Client({
    // The session behind the stream puts in the connection's own user and proves itself to the target.
    user: "hoop",
    database: wanted,
    application_name: "hoop",
    ssl: false,
    connectionTimeoutMillis: questionMs,
    query_timeout: questionMs,
    stream: () => openOwnClient(createPassage, open, connection, credential) as never,
  });
  let lost: unknown = null;
  client.on("error", (error) => {
    lost = error;
  });
  try {
    await client.connect();
  } catch (error) {
    throw errorFrom(error);
  }
  const query = async (text: string): Promise<readonly (readonly unknown[])[]> => {
    if (lost !== null) throw errorFrom(lost);
    try {
      return (await client.query<unknown[]>({ text, rowMode: "array" })).rows;
    } catch (error) {
      throw errorFrom(error);
    }
  };
  const run = runOn(client);
  const asked = async <T>(action: () => Promise<T>): Promise<T> => {
    if (lost !== null) throw errorFrom(lost);
    try {
      return await action();
    } catch (error) {
      throw errorFrom(error);
    }
  };
  const key = `${connection.id} ${wanted} ${credential.user}`;
  // One reader at a time: a second would stand in the first one's transaction.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    const next = last.then(action, action);
    last = next.catch(() => {});
    return next;
  };
  return {
    catalogue: (version) => inTurn(() => readCatalogue(query, key, version)),
    estimate: (statement) =>
      inTurn(async () => {
        permitted(statement.permit.purpose, "inspect");
        return asked(async () => {
          const version = Number((await run("SELECT pg_catalog.current_setting('server_version_num')")).rows[0]![0]);
          return estimate(run, version, statement);
        });
      }),
    rehearse: (rehearsal) =>
      inTurn(async () => {
        permitted(rehearsal.permit.purpose, "rehearse");
        return asked(() => rehearse(run, rehearsal));
      }),
    ping: () => inTurn(async () => String((await query("SHOW server_version"))[0]![0])),
    close: () => {
      client.end().catch(() => {});
    },
  };
};

function permitted(purpose: PermitPurpose, needed: PermitPurpose): void {
  if (purpose !== needed) throw new HoopError("internal", `a permit to ${purpose} was used to ${needed}`);
}

/** What our own session met at the target, in words that may be shown. */
export function errorFrom(error: unknown): HoopError {
  if (error instanceof HoopError) return error;
  const { code, message, hint: said } = error as { code?: string; message?: string; hint?: string };
  // What the session says in the gateway's name may be shown; a driver's or server's text may not.
  const text = message?.startsWith("hoop: ") ? message.slice("hoop: ".length) : null;
  const more = { cause: error, ...(text === null ? {} : { hint: said }) };
  if (code?.startsWith("28")) return new HoopError("precondition-failed", text ?? "the target refused the login", more);
  if (/^[0-9A-Z]{5}$/.test(code ?? "") && code !== "57P03" && code !== "53300") {
    return new HoopError("precondition-failed", text ?? `the target answered an error (SQLSTATE ${code})`, more);
  }
  return new HoopError("unavailable", text ?? "the target cannot be reached", more);
}
