import type { LookedInto } from "../../../protocol/index.js";
import { HoopError } from "../../../vocabulary/index.js";
import type { Run } from "./own-client.js";

export interface OwnLimits {
  readonly lockMs: number;
  readonly statementMs: number;
}

/** Settings that the target reports and that values are read and written by. */
const reported = new Set(["datestyle", "intervalstyle", "timezone", "default_transaction_read_only"]);

/** Gives our session, in its open transaction, the role and the settings of the client's, and our own limits. */
export async function dressSession(run: Run, { context, settings }: LookedInto, limits: OwnLimits): Promise<void> {
  const set = (name: string, value: string): Promise<unknown> =>
    run("SELECT pg_catalog.set_config($1, $2, true)", [name, value]);
  for (const [name, value] of Object.entries(context.ambient ?? {})) {
    const option = name.startsWith("option ") ? name.slice("option ".length).toLowerCase() : null;
    if (option === "options") throw new HoopError("unsupported", "its session was opened with options of its own");
    if (option === "client_encoding") continue;
    if (option !== null || reported.has(name.toLowerCase())) await set(option ?? name, value);
  }
  for (const text of settings) await run(text);
  await run(`SET LOCAL ROLE ${quoted(context.role)}`);
  if (context.searchPath !== null) await set("search_path", context.searchPath);
  await limit(run, limits);
}

/** Ours come last: the client's session may have longer ones. */
export async function limit(run: Run, { lockMs, statementMs }: OwnLimits): Promise<void> {
  await run(`SET LOCAL lock_timeout = ${lockMs}`);
  await run(`SET LOCAL statement_timeout = ${statementMs}`);
  await run(`SET LOCAL idle_in_transaction_session_timeout = ${statementMs + 5_000}`);
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
