import pg from "pg";
import {
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from "../../../src/protocols/postgres/codec/frontend.js";
import { type PostgresServer, startPostgres } from "../postgres.js";
import { field, type RawMessage, RawPostgres, rowOf } from "../raw-postgres.js";
import { type Gated, serveGated } from "./gated-postgres.js";
import type { Asked, Mode } from "./grammar.js";
import { findSecret, policyOf, twins, worldSql } from "./world.js";

/** What became of one question. */
export interface Verdict {
  readonly outcome: "answered" | "refused" | "error";
  /** Not null: something of a secret came back, and where. */
  readonly leak: string | null;
  /** Columns that no secret has a part in, and how many of them came as they are. */
  readonly clean: number;
  readonly shown: number;
  /** Columns in which a secret has a part, all of them masked. */
  readonly secret: number;
  readonly why: string;
}

export interface Trial {
  run(asked: Asked): Promise<Verdict>;
  /** How it is asked through the gate under the rule that refuses conditions. */
  stop(): Promise<void>;
}

/** Two servers' worth of worlds, one behind a gate. */
export async function openTrial(version: 15 | 18, predicates = "allow"): Promise<Trial> {
  const server = await startPostgres({
    version,
    auth: "trust",
    // Plans that go by order, which is the same in both worlds, and not by hashes, which are not.
    settings: { enable_hashagg: "off", enable_hashjoin: "off", max_parallel_workers_per_gather: "0", jit: "off" },
  });
  let gated: Gated | null = null;
  const open: RawPostgres[] = [];
  const stop = async () => {
    for (const raw of open) raw.close();
    await gated?.stop();
    await server.stop();
  };
  try {
    for (const [at, secrets] of twins.entries()) await fill(server, `w${at}`, worldSql(secrets));
    gated = await serveGated({ server, policy: policyOf(predicates), database: "w0" });
    const place = (database: string) => RawPostgres.open(server, { user: "postgres", database });
    open.push(await place("w0"), await place("w1"), await RawPostgres.open(gated, { database: "w0" }));
  } catch (error) {
    await stop();
    throw error;
  }
  const [first, second, through] = open as [RawPostgres, RawPostgres, RawPostgres];
  return {
    stop,
    async run(asked) {
      // The gate first: what it leaks it leaks by itself.
      const seen = await play(through, asked);
      const [a, b] = [await play(first, asked), await play(second, asked)];
      return judge(asked, seen, a, b);
    },
  };
}

async function fill(server: PostgresServer, database: string, sql: string): Promise<void> {
  await server.query(`create database ${database}`);
  const { host, port, user, password } = server;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** One question within a transaction that is taken back. */
async function play(raw: RawPostgres, { sql, mode }: Asked): Promise<RawMessage[]> {
  const steps = [encodeQuery("begin"), ...framesOf(sql, mode), encodeQuery("rollback")];
  raw.send(...steps);
  const messages: RawMessage[] = [];
  for (let at = 0; at < steps.length; at += 1) {
    const part = await raw.until("Z", 20_000);
    if (part.at(-1)?.type !== "Z") throw new Error(`the session ended: ${field(part, "M")}\n${sql}`);
    messages.push(...part);
  }
  if (mode === "prepared") await raw.query("deallocate all");
  return messages;
}

/** Each ends with ReadyForQuery. */
function framesOf(sql: string, mode: Mode): Buffer[] {
  const extended = (described: boolean, binary: boolean) => {
    const bind = binary ? encodeBinaryBind() : encodeBind("", "", []);
    const describe = described ? [encodeDescribe("portal", "")] : [];
    return [Buffer.concat([encodeParse("", sql), bind, ...describe, encodeExecute(""), encodeSync()])];
  };
  switch (mode) {
    case "simple":
      return [encodeQuery(sql)];
    case "describe":
      return extended(true, false);
    case "blind":
      return extended(false, false);
    case "binary":
      return extended(true, true);
    case "several":
      return [encodeQuery(`select 1; ${sql}; select 'x'`)];
    case "copy-text":
      return [encodeQuery(`copy (${sql}) to stdout`)];
    case "copy-csv":
      return [encodeQuery(`copy (${sql}) to stdout (format csv, header)`)];
    case "copy-binary":
      return [encodeQuery(`copy (${sql}) to stdout (format binary)`)];
    case "cursor":
      return [`declare hc cursor for ${sql}`, "fetch 2 from hc", "fetch all from hc"].map(encodeQuery);
    case "prepared":
      return [`prepare hp as ${sql}`, "execute hp"].map(encodeQuery);
    case "explain":
      return [encodeQuery(`explain (analyze, costs off, timing off, summary off) ${sql}`)];
  }
}

/** Bind of the unnamed statement to the unnamed portal, all results in binary. */
function encodeBinaryBind(): Buffer {
  const body = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
  const head = Buffer.alloc(5);
  head.write("B", "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

interface Cells {
  readonly rows: readonly (readonly (Buffer | null)[])[];
  /** Which result each belongs to. */
  readonly results: readonly number[];
}

function rowsOf(messages: readonly RawMessage[]): Cells {
  const rows: (Buffer | null)[][] = [];
  const results: number[] = [];
  let result = 0;
  for (const { type, body } of messages) {
    if (type === "T") result += 1;
    if (type !== "D") continue;
    rows.push(rowOf(body));
    results.push(result);
  }
  return { rows, results };
}

function judge(
  { sql, mode }: Asked,
  seen: readonly RawMessage[],
  a: readonly RawMessage[],
  b: readonly RawMessage[],
): Verdict {
  const bytes = Buffer.concat(seen.map(({ body }) => body)).toString("latin1");
  const failed = seen.find(({ type }) => type === "E");
  const text = failed === undefined ? "" : (field([failed], "M") ?? "");
  const outcome = failed === undefined ? "answered" : text.startsWith("hoop: ") ? "refused" : "error";
  const none = { outcome, clean: 0, shown: 0, secret: 0, why: text } as const;
  const found = findSecret(bytes, twins[0]);
  if (found !== null) return { ...none, leak: `a piece of a secret: ${found}` };
  if (outcome !== "answered" || mode === "explain") return { ...none, leak: null };
  return { ...none, ...compare(rowsOf(seen), rowsOf(a), rowsOf(b), sql) };
}

/** What differs from twin to twin has a secret in it; such a cell must not come as it is. */
function compare(
  seen: Cells,
  a: Cells,
  b: Cells,
  sql: string,
): Pick<Verdict, "leak" | "clean" | "shown" | "secret" | "why"> {
  const none = { leak: null, clean: 0, shown: 0, secret: 0, why: "" };
  if (seen.rows.length !== a.rows.length) return { ...none, leak: `${a.rows.length} rows became ${seen.rows.length}` };
  if (a.rows.length !== b.rows.length) return none;
  const counts = { ...none };
  // A column is a place in one result.
  const columns = new Map<string, { differs: boolean; passes: boolean; value: boolean }>();
  for (const [at, row] of a.rows.entries()) {
    const other = b.rows[at]!;
    const got = seen.rows[at]!;
    if (row.length !== other.length || row.length !== got.length) return { ...none, leak: "a row of another width" };
    for (const [place, cell] of row.entries()) {
      const key = `${a.results[at]} ${place}`;
      const column = columns.get(key) ?? { differs: false, passes: true, value: false };
      columns.set(key, column);
      const same = equal(cell, other[place]!);
      const passes = equal(cell, got[place]!);
      // The same values in another order: a condition decided which comes first, and that is asked elsewhere.
      const told =
        !same && passes && cell !== null && sorted(a, a.results[at]!, place) !== sorted(b, b.results[at]!, place);
      if (told) return { ...none, leak: `column ${place + 1} came as it is: ${cell.toString("latin1").slice(0, 80)}` };
      column.differs ||= !same;
      column.passes &&= passes;
      column.value ||= cell !== null;
    }
  }
  for (const { differs, passes, value } of columns.values()) {
    if (!value) continue;
    if (differs) counts.secret += 1;
    else counts.clean += 1;
    if (!differs && passes) counts.shown += 1;
  }
  if (counts.shown < counts.clean) counts.why = sql;
  return counts;
}

/** The values of a column without their order, which a condition may have decided. */
function sorted(cells: Cells, result: number, place: number): string {
  return cells.rows
    .filter((_row, at) => cells.results[at] === result)
    .map((row) => row[place]?.toString("latin1") ?? "NULL")
    .sort()
    .join("\n");
}

function equal(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}
