import type { Duplex } from "node:stream";
import pg from "pg";
import { noResult, runbookLimits, type Sending, type StepResult } from "../../runbooks/index.js";
import { type Connection, HoopError } from "../../vocabulary/index.js";
import type { RunLane } from "./lane.js";

type SqlSending = Extract<Sending, { kind: "sql" }>;

/** Longest text kept of one cell. */
const maxCell = 2_000;

/** One statement by the extended protocol, with its values apart from its text. What it returns is kept up to a limit, and counted. */
export async function sendSql(
  lane: RunLane,
  connection: Connection,
  { text, values, database }: SqlSending,
  signal: AbortSignal,
): Promise<StepResult> {
  const usual = connection.target.database ?? connection.target.user ?? "postgres";
  const client = new pg.Client({
    user: "runbook",
    database: database ?? String(usual),
    application_name: "hoop runbook",
    stream: () => lane.stream as Duplex as never,
    ssl: false,
  });
  client.on("error", () => {});
  const stop = () => lane.stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    await connect(client, lane);
    return await query(client, lane, text, values);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    // A target that does not say goodbye does not keep the run.
    await Promise.race([client.end().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    lane.stream.destroy();
  }
}

async function connect(client: pg.Client, lane: RunLane): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    throw lane.refusal() ?? targetError(error);
  }
}

function query(
  client: pg.Client,
  lane: RunLane,
  text: string,
  values: readonly (string | null)[],
): Promise<StepResult> {
  return new Promise((resolve, reject) => {
    let rows = 0;
    let kept = 0;
    let cut = 0;
    const sample: (string | null)[][] = [];
    // Always the extended protocol: a text without values is one statement too.
    const config = {
      text,
      values: [...values],
      rowMode: "array",
      queryMode: "extended",
      types: { getTypeParser: () => String },
    };
    const sent = client.query(new pg.Query(config as never));
    sent.on("row", (row: unknown) => {
      rows += 1;
      const cells = (row as (string | null)[]).map((cell) => (cell === null ? null : cell.slice(0, maxCell)));
      const size = cells.reduce((sum, cell) => sum + (cell?.length ?? 0), 0);
      if (sample.length < runbookLimits.rows && kept + size <= runbookLimits.output) {
        sample.push(cells);
        kept += size;
      } else cut += size;
    });
    sent.on("error", (error: Error) => reject(lane.refusal() ?? targetError(error)));
    sent.on("end", (found: pg.ResultBuilder | readonly pg.ResultBuilder[]) => {
      const result = (Array.isArray(found) ? found.at(-1) : found) as pg.ResultBuilder | undefined;
      const columns = result?.fields.map(({ name }) => name.slice(0, 200)) ?? [];
      resolve({ ...noResult, rows: columns.length > 0 ? rows : (result?.rowCount ?? 0), columns, sample, cut });
    });
  });
}

/** In the target's words, which for what the rules refuse are Hoop's. */
function targetError(error: unknown): HoopError {
  const { message, code, hint } = error as { message?: string; code?: string; hint?: string };
  const text = String(message ?? "the connection was lost").slice(0, 1_000);
  const denied = code === "42501" || code === "28000";
  return new HoopError(
    denied ? "denied" : code === undefined ? "unavailable" : "precondition-failed",
    code === undefined ? text : `${text} (SQLSTATE ${code})`,
    {
      hint: typeof hint === "string" ? hint.slice(0, 500) : undefined,
      cause: error,
    },
  );
}
