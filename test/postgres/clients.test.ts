import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { servePostgresThrough, type Through } from "../support/postgres-through.js";

const run = promisify(execFile);
const jdbc = "/usr/share/java/postgresql.jar";
const python = "/usr/bin/python3";
const has = (module: string): boolean => {
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/** Without what differs from run to run, whoever is in between: process numbers, pg_dump's one-time token, a race in psycopg. */
function steady(text: string): string {
  return text
    .replace(/PID \d+/g, "PID")
    .replace(/^(\\(?:un)?restrict) .*$/gm, "$1")
    .replace(/^error ignored terminating .*\n/gm, "");
}

/** Real clients give the same results direct and through the gateway. */
describe("real clients", () => {
  let server: PostgresServer;
  let through: Through;
  let folder: string;
  beforeAll(async () => {
    server = await startPostgres({
      settings: { password_encryption: "scram-sha-256" },
      sql: `create role ada superuser login password 'ada'; create table people (id int primary key, name text, born date, data jsonb, raw bytea);
        insert into people select i, 'person ' || i, date '2000-01-01' + i, jsonb_build_object('n', i), decode(lpad(to_hex(i), 8, '0'), 'hex')
        from generate_series(1, 2000) i; create table sink (like people)`,
    });
    through = await servePostgresThrough({ server, init: { credential: { user: "ada", secret: "ada" } } });
    folder = mkdtempSync(join(tmpdir(), "hoop-clients-"));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await through.stop();
    await server.stop();
  });

  const env = (port: number) => ({
    PATH: `${process.env.PATH}:/usr/lib/postgresql/15/bin`,
    PGHOST: "127.0.0.1",
    PGPORT: String(port),
    PGUSER: "ada",
    PGPASSWORD: "ada",
    PGDATABASE: "app",
    PGTZ: "UTC",
  });
  const both = async (file: string, args: readonly string[]) => {
    const outputs: string[] = [];
    for (const port of [server.port, through.port]) {
      await server.query("truncate sink");
      const done = await run(file, [...args], { env: env(port), cwd: folder, maxBuffer: 64 << 20, timeout: 80_000 });
      outputs.push(steady(done.stdout + done.stderr));
    }
    return outputs as [string, string];
  };
  const same = async (file: string, args: readonly string[]) => {
    const [direct, over] = await both(file, args);
    expect(over).toBe(direct);
    expect(direct.length).toBeGreaterThan(0);
    return direct;
  };

  it("psql: results, errors, several statements, \\copy in and out, \\gset, \\watch of a cursor", async () => {
    const script = join(folder, "script.sql");
    writeFileSync(
      script,
      String.raw`\set VERBOSITY verbose
        select * from people order by id limit 5;
        \d people
        begin; insert into sink select * from people where id < 4; select count(*) from sink; rollback; select count(*) from sink;
        select 1/0;
        \copy people to 'people.out'
        \copy sink from 'people.out'
        \copy (select id, name from people where id < 3) to stdout with csv header
        select count(*), sum(id) from sink;
        \copy sink from 'missing.out'
        copy sink from stdin;
1	not enough
\.
        select 'still here';
        select 3 as three \gset
        select :three;
        \set FETCH_COUNT 100
        select count(*) over (), id from people order by id limit 250;
        prepare p as select name from people where id = $1; execute p(7); deallocate p;
        do $$ begin raise notice 'from %', current_database(); end $$;
        select repeat('x', 3000000);
        listen news; notify news, 'hello'; select 1;
        explain (costs off) select * from people where id = 1;`,
    );
    const text = await same("psql", ["-X", "-a", "-f", script]);
    expect(text).toContain("still here");
    expect(text).toContain("Asynchronous notification");
  });

  it("psql: Ctrl-C cancels what runs", async () => {
    const child = execFile("psql", ["-X", "-c", "select pg_sleep(30)"], { env: env(through.port) });
    let text = "";
    child.stderr!.on("data", (chunk: string) => (text += chunk));
    const exited = new Promise((resolve) => child.once("exit", resolve));
    const runs = "select 1 from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'";
    await expect.poll(async () => (await server.query(runs)).rows.length).toBeGreaterThan(0);
    child.kill("SIGINT");
    await exited;
    expect(text).toMatch(/canceling statement due to user request/);
  });

  it("pg_dump", async () => {
    await same("pg_dump", ["-t", "people", "--no-owner"]);
    await same("pg_dump", ["-t", "people", "--inserts"]);
  });

  it.each(["simple", "extended", "prepared"])("pgbench -M %s", async (mode) => {
    await run("pgbench", ["-i", "-q"], { env: env(through.port) });
    const { stdout } = await run("pgbench", ["-n", "-M", mode, "-c", "4", "-t", "50"], { env: env(through.port) });
    expect(stdout).toMatch(/number of transactions actually processed: 200\/200/);
    expect(stdout).toMatch(/number of failed transactions: 0/);
  });

  it("pgbench in pipeline mode", async () => {
    const script = join(folder, "pipeline.sql");
    writeFileSync(
      script,
      "\\startpipeline\n\\set id random(1, 2000)\nselect name from people where id = :id;\nselect 2;\n\\endpipeline\n",
    );
    const { stdout } = await run("pgbench", ["-n", "-M", "prepared", "-f", script, "-c", "2", "-t", "50"], {
      env: env(through.port),
    });
    expect(stdout).toMatch(/actually processed: 100\/100/);
  });

  it("node-postgres", async () => {
    const results: unknown[] = [];
    for (const port of [server.port, through.port]) {
      const client = new pg.Client({ host: "127.0.0.1", port, user: "ada", password: "ada", database: "app" });
      await client.connect();
      results.push([
        (await client.query("select * from people where id = any($1)", [[1, 2, 3]])).rows,
        (await client.query({ name: "n", text: "select name from people where id = $1", values: [9] })).rows,
        (await client.query({ name: "n", text: "select name from people where id = $1", values: [10] })).rows,
        await client.query("select nothing").catch((error: Error) => error.message),
        ((await client.query("select 1; select 2")) as unknown as { rows: unknown }[]).map(({ rows }) => rows),
      ]);
      await client.end();
    }
    expect(results[1]).toEqual(results[0]);
  });

  const script = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it.skipIf(!has("psycopg2"))("psycopg2", async () => {
    await same(python, [
      script(
        "two.py",
        `
import psycopg2, io
c = psycopg2.connect("")
k = c.cursor()
k.execute("select id, name, born, data, raw from people where id < %s order by id", (4,)); print([(a, b, str(d), e, bytes(f)) for a, b, d, e, f in k])
n = c.cursor("named"); n.itersize = 50; n.execute("select id from people order by id"); print(sum(r[0] for r in n))
o = io.StringIO(); k.copy_expert("copy people to stdout", o); print(len(o.getvalue()))
o.seek(0); k.copy_expert("copy sink from stdin", o); k.execute("select count(*) from sink"); print(k.fetchone())
try: k.execute("select * from nowhere")
except Exception as e: print(type(e).__name__, e.pgcode)
c.rollback(); k.execute("select 1"); print(k.fetchone())
`,
      ),
    ]);
  });

  it.skipIf(!has("psycopg"))("psycopg 3, with pipelines and binary copy", async () => {
    await same(python, [
      script(
        "three.py",
        `
import psycopg
with psycopg.connect("") as c:
    print(c.execute("select id, name, data from people where id = %s", (5,)).fetchall())
    print(c.execute("select id, raw from people where id = %b", (5,), binary=True).fetchall())
    with c.pipeline():
        rs = [c.execute("select %s::int * 2", (i,)) for i in range(100)]
        print(sum(r.fetchone()[0] for r in rs))
    with c.cursor() as k:
        with k.copy("copy people to stdout (format binary)") as copy: data = b"".join(bytes(b) for b in copy)
        print(len(data))
        with k.copy("copy sink from stdin (format binary)") as copy: copy.write(data)
        print(k.execute("select count(*), sum(id) from sink").fetchone())
        try:
            with k.copy("copy sink (id) from stdin") as copy: copy.write("no number\\n")
        except Exception as e: print(type(e).__name__)
    c.rollback()
    try:
        with c.pipeline():
            c.execute("select 1/0"); c.execute("select 1")
    except Exception as e: print(type(e).__name__)
    c.rollback()
    print(c.execute("select 'on'").fetchone())
`,
      ),
    ]);
  });

  it.skipIf(!has("asyncpg"))("asyncpg", async () => {
    await same(python, [
      script(
        "four.py",
        `
import asyncio, asyncpg, io
async def main():
    c = await asyncpg.connect()
    print([tuple(r) for r in await c.fetch("select id, name, born, raw from people where id < $1 order by id", 4)])
    async with c.transaction():
        print(sum([r["id"] async for r in c.cursor("select id from people order by id", prefetch=100)]))
    s = await c.prepare("select $1::text[] as a, $2::numeric as b")
    from decimal import Decimal
    for i in range(3): print(tuple(await s.fetchrow(["a", str(i)], Decimal(i))))
    o = io.BytesIO(); print(await c.copy_from_query("select * from people", output=o, format="binary")); print(len(o.getvalue()))
    o.seek(0); print(await c.copy_to_table("sink", source=o, format="binary"))
    await c.executemany("insert into sink (id) values ($1)", [(i,) for i in range(500)])
    print(await c.fetchval("select count(*) from sink"))
    try: await c.fetch("select 1/$1::int", 0)
    except Exception as e: print(type(e).__name__)
    try: await asyncio.wait_for(c.fetch("select pg_sleep(20)"), 0.3)
    except asyncio.TimeoutError: print("timeout")
    print(await c.fetchval("select 1"))
    await c.close()
asyncio.run(main())
`,
      ),
    ]);
  });

  it.skipIf(!existsSync(jdbc))("JDBC: server-prepared statements, fetch size, batches, COPY", async () => {
    writeFileSync(
      join(folder, "Try.java"),
      `import java.sql.*; import java.io.*; import org.postgresql.*; import org.postgresql.copy.*;
      public class Try { public static void main(String[] a) throws Exception {
        String url = "jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/app?user=ada&password=ada&prepareThreshold=2&sslmode=disable";
        try (Connection c = DriverManager.getConnection(url)) {
          PreparedStatement p = c.prepareStatement("select id, name, born from people where id = ?");
          for (int i = 1; i < 8; i++) { p.setInt(1, i); ResultSet r = p.executeQuery(); r.next(); System.out.println(r.getInt(1) + r.getString(2) + r.getDate(3)); }
          c.setAutoCommit(false);
          Statement s = c.createStatement(); s.setFetchSize(100); ResultSet r = s.executeQuery("select id from people order by id"); long sum = 0;
          Statement other = c.createStatement();
          while (r.next()) { sum += r.getInt(1); if (r.getInt(1) % 500 == 0) { ResultSet o = other.executeQuery("select 1"); o.next(); } }
          System.out.println(sum);
          PreparedStatement b = c.prepareStatement("insert into sink (id) values (?)"); for (int i = 0; i < 1000; i++) { b.setInt(1, i); b.addBatch(); }
          System.out.println(b.executeBatch().length);
          Savepoint sp = c.setSavepoint(); try { other.execute("select 1/0"); } catch (SQLException e) { System.out.println(e.getSQLState()); } c.rollback(sp); c.commit();
          CopyManager m = c.unwrap(PGConnection.class).getCopyAPI(); StringWriter w = new StringWriter();
          System.out.println(m.copyOut("copy people to stdout", w)); System.out.println(m.copyIn("copy sink from stdin", new StringReader(w.toString())));
          c.commit();
        } } }`,
    );
    await run("javac", ["-cp", jdbc, "Try.java"], { cwd: folder });
    await same("java", ["-cp", `${jdbc}:${folder}`, "Try"]);
  });
});
