// Records src/protocols/postgres/transcripts from real clients and a real server:
// `node scripts/run.mjs test/support/record-postgres-transcripts`
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../bench/peers/postgres.js";
import { run, stopAll } from "../../bench/peers/process.js";
import { formatTranscript, type TranscriptEvent } from "../../src/protocol/compliance/transcript.js";
import type { Side } from "../../src/protocol/session.js";
import { recordTranscripts, transcriptOf } from "./record-transcript.js";

const folder = join("src", "protocols", "postgres", "transcripts");

interface Recording {
  readonly name: string;
  readonly about: string;
  readonly client: (env: NodeJS.ProcessEnv, scratch: string) => Promise<unknown>;
}

const psql = (env: NodeJS.ProcessEnv, ...args: string[]) => run("psql", ["-X", ...args], { env }).catch(ignored);
const script = (env: NodeJS.ProcessEnv, input: string) => run("psql", ["-X", "-q"], { env, input }).catch(ignored);
const python = (env: NodeJS.ProcessEnv, code: string) => run("/usr/bin/python3", ["-c", code], { env });
const pgbench = (env: NodeJS.ProcessEnv, scratch: string, mode: string, text: string) => {
  const file = join(scratch, "script.sql");
  writeFileSync(file, text);
  return run("pgbench", ["-n", "-c", "1", "-t", "2", "-M", mode, "-f", file], { env });
};

/** What these clients do is meant to fail at times: psql then ends with an error of its own. */
function ignored(): void {}

const recordings: readonly Recording[] = [
  {
    name: "psql-simple",
    about: "psql: one simple query with NULLs and an empty value.",
    client: (env) => psql(env, "-c", "select id, name, email, note from people order by id"),
  },
  {
    name: "psql-several",
    about: "psql: several statements in one Query, an empty one, a parameter status, a notice.",
    client: (env) =>
      psql(
        env,
        "-c",
        "select 1; set application_name = 'other'; select 2",
        "-c",
        ";",
        "-c",
        "do $$ begin raise notice 'so %', 1; end $$",
      ),
  },
  {
    name: "psql-error",
    about: "psql: errors outside of and in a transaction, which stays failed until its rollback.",
    client: (env) =>
      script(env, "select 1/0;\nbegin;\nselect * from nowhere;\nselect 1;\nrollback;\nselect 'after';\n"),
  },
  {
    name: "psql-copy-out",
    about: "psql: \\copy to, of a table and of a query, text and csv.",
    client: (env) =>
      psql(
        env,
        "-c",
        "\\copy people to stdout",
        "-c",
        "\\copy (select name, email from people) to stdout (format csv, header)",
      ),
  },
  {
    name: "psql-copy-in",
    about: "psql: \\copy from, once well and once with a row that fails.",
    client: (env) =>
      run("psql", ["-X", "-q"], {
        env,
        input:
          "create temp table t (n int, s text);\n\\copy t from stdin\n1\tone\n2\t\\N\n\\.\n\\copy t from stdin\nx\ty\n\\.\nselect count(*) from t;\n",
      }).catch(ignored),
  },
  {
    name: "psql-notify",
    about: "psql: LISTEN and a notification to itself.",
    client: (env) => script(env, "listen news;\nnotify news, 'payload';\nselect 1;\n"),
  },
  {
    name: "psql-cancel",
    about: "psql: Ctrl-C while a statement runs; the cancel itself is in psql-cancel-2.",
    client: (env) => interrupted(spawn("psql", ["-X", "-c", "select pg_sleep(30)"], { env })),
  },
  {
    name: "pgbench-prepared",
    about: "pgbench -M prepared: named statements, Execute without Describe of the portal.",
    client: (env, scratch) =>
      pgbench(env, scratch, "prepared", "\\set id 1 + 1\nselect name from people where id = :id;\n"),
  },
  {
    name: "pgbench-pipeline",
    about: "pgbench -M extended with \\startpipeline: many statements before their replies.",
    client: (env, scratch) =>
      pgbench(
        env,
        scratch,
        "extended",
        "\\startpipeline\nselect 1;\nselect name from people where id = 1;\nselect 2;\n\\endpipeline\n",
      ),
  },
  {
    name: "psycopg3",
    about: "psycopg 3: parameters, a server-side statement, binary results, pipeline mode with an error in it.",
    client: (env) =>
      python(
        env,
        `
import psycopg
with psycopg.connect("", autocommit=True) as c:
    c.execute("select name from people where id = %s", (1,)).fetchall()
    c.execute("select id, email from people where id > %s", (0,), prepare=True, binary=True).fetchall()
    try:
        with c.pipeline():
            c.execute("select %s::int", (7,))
            c.execute("select 1 / %s::int", (0,))
            c.execute("select %s::text", ("skipped",))
    except psycopg.Error:
        pass
    c.execute("select 'after'").fetchone()
`,
      ),
  },
  {
    name: "psycopg3-copy",
    about: "psycopg 3: binary COPY out, COPY in that the client breaks off.",
    client: (env) =>
      python(
        env,
        `
import psycopg
with psycopg.connect("", autocommit=True) as c:
    with c.cursor().copy("copy people to stdout (format binary)") as copy:
        for data in copy: pass
    c.execute("create temp table t (n int)")
    try:
        with c.cursor().copy("copy t from stdin") as copy:
            copy.write("1\\n")
            raise RuntimeError("enough")
    except (RuntimeError, psycopg.Error):
        pass
    c.execute("select count(*) from t").fetchone()
`,
      ),
  },
  {
    name: "psycopg2",
    about: "psycopg2: a transaction of simple queries, a server-side cursor.",
    client: (env) =>
      python(
        env,
        `
import psycopg2
c = psycopg2.connect("")
k = c.cursor()
k.execute("update people set note = %s where id = %s", ("x", 1))
k2 = c.cursor("named")
k2.itersize = 2
k2.execute("select id, name from people order by id")
list(k2)
c.rollback()
c.close()
`,
      ),
  },
  {
    name: "asyncpg",
    about: "asyncpg: Describe and Execute on the binary protocol, a cursor whose portal is suspended.",
    client: (env) =>
      python(
        env,
        `
import asyncio, asyncpg
async def main():
    c = await asyncpg.connect(ssl=False)
    await c.fetch("select id, name from people where id > $1 order by id", 0)
    async with c.transaction():
        async for row in c.cursor("select id from people order by id", prefetch=2): pass
    await c.execute("select 1")
    await c.close()
asyncio.run(main())
`,
      ),
  },
  {
    name: "node-postgres",
    about: "node-postgres: a parameter, a named statement twice, an error.",
    client: (env) =>
      run(
        process.execPath,
        [
          "--input-type=module",
          "-e",
          `
import pg from "pg";
const client = new pg.Client();
await client.connect();
await client.query("select name, email from people where id = $1", [1]);
for (const id of [1, 2]) await client.query({ name: "one", text: "select note from people where id = $1", values: [id] });
await client.query("select $1::int", ["x"]).catch(() => undefined);
await client.query("select 'after'");
await client.end();
`,
        ],
        { env },
      ),
  },
];

async function interrupted(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 400));
  child.kill("SIGINT");
  await new Promise((resolve) => child.once("close", resolve));
}

/** Follows the frames of one connection: where they begin in each chunk, and when the first ReadyForQuery has passed. */
function frames() {
  const left: Record<Side, Buffer> = { client: Buffer.alloc(0), target: Buffer.alloc(0) };
  let startup = true;
  let ready = false;
  return (from: Side, chunk: Buffer): { starts: number[]; ready: boolean; asked: string[] } => {
    const starts: number[] = [];
    const asked: string[] = [];
    const before = left[from].length;
    let bytes = Buffer.concat([left[from], chunk]);
    let at = 0;
    let now = false;
    for (;;) {
      const untyped = from === "client" && startup;
      const head = untyped ? 4 : 5;
      if (bytes.length < head) break;
      const length = bytes.readUInt32BE(head - 4) + (untyped ? 0 : 1);
      if (at - before >= 0) starts.push(at - before);
      if (bytes.length < length) break;
      if (untyped) startup = false;
      else if (from === "client") asked.push(...textOf(bytes.subarray(0, length)));
      else if (from === "target" && bytes[0] === 0x5a && !ready) now = ready = true;
      bytes = bytes.subarray(length);
      at += length;
    }
    left[from] = bytes;
    return { starts, ready: now, asked };
  };
}

/** What a Query or a Parse has judged; an empty text has nothing to judge. */
function textOf(frame: Buffer): string[] {
  const type = String.fromCharCode(frame[0]!);
  if (type !== "Q" && type !== "P") return [];
  const start = type === "Q" ? 5 : frame.indexOf(0, 5) + 1;
  const text = frame.toString("utf8", start, frame.indexOf(0, start));
  return text.replace(/;/g, "").trim() === "" ? [] : [text];
}

function written(recording: Recording, versions: string, index: number, events: readonly TranscriptEvent[]): void {
  const name = index === 0 ? recording.name : `${recording.name}-${index + 1}`;
  const about = `${recording.about}\n${versions}`;
  const follow = frames();
  const lines: TranscriptEvent[] = [];
  const starts: number[][] = [];
  for (const event of events) {
    // Who hangs up first after a goodbye is chance; the client's word is enough.
    if (event.kind === "closed" && event.from === "target") continue;
    const seen = event.kind === "bytes" ? follow(event.from, event.bytes) : { starts: [], asked: [] };
    lines.push(event, ...seen.asked.map((text) => ({ kind: "ask", text, deny: null }) as const));
    starts.push(seen.starts, ...seen.asked.map(() => []));
  }
  writeFileSync(
    join(folder, `${name}.txt`),
    formatTranscript(transcriptOf(name, about, lines), (_from, _bytes, index) => starts[index]!),
  );
  console.log(`${name}: ${lines.length} events`);
}

const scratch = mkdtempSync(join(tmpdir(), "hoop-record-"));
const server = await startPostgres({ auth: "trust" });
try {
  mkdirSync(folder, { recursive: true });
  await server.sql(`create role app login; create database shop owner app;`);
  await server.sql(
    `create table people (id int primary key, name text, email text, note text);
     insert into people values (1, 'Ada', 'ada@example.org', null), (2, 'Grace', 'grace@example.org', ''), (3, 'Zoë', null, 'tab\there');
     grant all on people to app;`,
    "shop",
  );
  const versions = `Server: PostgreSQL ${(await server.sql("show server_version")).trim()}`;
  for (const recording of recordings) {
    const recorder = await recordTranscripts({
      target: server,
      readyAfter: () => {
        const follow = frames();
        return (from, chunk) => follow(from, chunk).ready;
      },
    });
    const env = {
      ...process.env,
      PGHOST: "127.0.0.1",
      PGPORT: String(recorder.port),
      PGUSER: "app",
      PGDATABASE: "shop",
      PGSSLMODE: "disable",
      PGGSSENCMODE: "disable",
    };
    try {
      await recording.client(env, scratch);
      for (const [index, events] of recorder.transcripts().entries()) written(recording, versions, index, events);
    } finally {
      await recorder.stop();
    }
  }
} finally {
  await server.stop();
  await stopAll();
  rmSync(scratch, { recursive: true, force: true });
}
