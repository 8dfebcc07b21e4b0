import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import { sampleSql } from "../../src/samples/postgres/seed.js";
import {
  environment,
  hasJava,
  hasPython,
  jdbcDriver,
  python,
  runClient,
  sameOnEveryWay,
  script,
  until,
  ways,
  withoutChance,
} from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { jdbcProgram } from "./scripts/jdbc.js";
import { everyType, psqlScript } from "./scripts/psql.js";
import { asyncpgScript, psycopg2Script, psycopg3Script, rawResultsScript } from "./scripts/python.js";

/** "How good": real clients give identical results direct and through Hoop, with TLS and without, masks off. */
describe("real clients, direct and through Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let folder: string;
  beforeAll(async () => {
    target = await startPostgres({
      version: 15,
      sql: `create role demo; ${sampleSql}
        create table people (id int primary key, name text, born date, data jsonb, raw bytea);
        insert into people select i, 'person ' || i, date '2000-01-01' + i, jsonb_build_object('n', i), decode(lpad(to_hex(i), 8, '0') || '00', 'hex') from generate_series(1, 2000) i;
        create table sink (like people);
        create table strict (id int primary key, level int check (level < 10), people_id int references people);
        create type mood as enum ('sad', 'ok', 'happy'); create domain score as int check (value >= 0); create type pair as (a int, b text);
        create table none ();
        insert into none default values;`,
    });
    // What a client sees is compared field by field with a login of the same user: no user of the session's own.
    hoop = await startHoop({ target, connection: ["--tls", "disable", "--credential", "users=static"] });
    folder = mkdtempSync(join(tmpdir(), "hoop-clients-"));
  });
  afterAll(async () => {
    if (folder) rmSync(folder, { recursive: true, force: true });
    await hoop?.stop();
    await target?.stop();
  });

  const same = (file: string, args: readonly string[], options: Parameters<typeof sameOnEveryWay>[3] = {}) =>
    sameOnEveryWay(
      { hoop, target, reset: () => target.query("truncate sink; select lo_unlink(oid) from pg_largeobject_metadata") },
      file,
      args,
      { cwd: folder, ...options },
    );

  describe("psql", () => {
    it("shows the same: results, \\d, errors in full, notices, \\copy in text, csv and binary, cursors, notifications", async () => {
      const text = await same("psql", ["-X", "-a", "-f", script(folder, "all.sql", psqlScript)]);
      expect(text).toContain("still here");
      expect(text).toContain("Asynchronous notification");
      expect(text).toMatch(/CONSTRAINT NAME:\s+strict_level_check/);
      expect(text.match(/^2000\|2001000$/gm)).toHaveLength(3);
    });

    it("shows every type the same", async () => {
      const text = await same("psql", ["-X", "-x", "-c", everyType]);
      expect(text).toContain("{[1,3),[5,7)}");
    });

    it.each(ways.slice(1))("Ctrl-C ends the statement and not the session (%s)", async (way) => {
      // In a terminal of its own: elsewhere psql ends with the interrupt.
      const terminal =
        "import os, pty; pty.spawn(['sh', '-c', 'echo process $$; exec psql -X -At -P pager=off -P pager=off'])";
      const child = execFile("python3", ["-c", terminal], { env: { ...environment(way, hoop, target), TERM: "dumb" } });
      let seen = "";
      child.stdout!.on("data", (chunk: string) => (seen += chunk));
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.stdin!.write("select pg_backend_pid() as before \\gset\nselect pg_sleep(40);\n");
      const running = "select 1 from pg_stat_activity where query = 'select pg_sleep(40);' and state = 'active'";
      await until("the statement runs", async () => (await target.query(running)).rows.length > 0);
      process.kill(Number(/process (\d+)/.exec(seen)![1]), "SIGINT");
      await until("the statement is cancelled", () => seen.includes("canceling statement"));
      child.stdin!.write("select 'the same: ' || (pg_backend_pid() = :before);\n\\q\n");
      await exited;
      expect(seen).toMatch(/ERROR: {2}canceling statement due to user request/);
      expect(seen).toContain("the same: true");
      expect((await target.query(running)).rows).toEqual([]);
    });

    it("tries hosts in turn, with target_session_attrs, options and an application name", async () => {
      const list = `host=127.0.0.1,${hoop.host} port=1,${hoop.port} connect_timeout=30`;
      for (const attributes of ["any", "read-write", "primary", "prefer-standby"]) {
        const done = await runClient(
          "psql",
          [
            "-X",
            "-At",
            `${list} dbname=app user=x target_session_attrs=${attributes} application_name=billing`,
            "-c",
            "select 'in', current_setting('application_name'), current_setting('work_mem')",
          ],
          {
            env: hoop.clientEnv({ PGOPTIONS: "-c work_mem=5MB", PGHOST: "", PGPORT: "" }),
          },
        );
        expect(done).toMatchObject({ code: 0, stdout: "in|billing|5MB\n" });
      }
      const refused = await runClient(
        "psql",
        ["-X", "-At", `${list} dbname=app user=x target_session_attrs=standby`, "-c", "select 1"],
        { env: hoop.clientEnv({ PGHOST: "", PGPORT: "" }) },
      );
      expect(refused.stderr).toContain("server is not in hot standby mode");
    });

    it("is refused replication in words", async () => {
      for (const replication of ["true", "database"]) {
        const done = await runClient("psql", ["-X", `dbname=app replication=${replication}`, "-c", "IDENTIFY_SYSTEM"], {
          env: hoop.clientEnv(),
        });
        expect(done.code).toBe(2);
        expect(done.stderr).toMatch(/FATAL: {2}hoop: .*replication/);
      }
    });

    it.each(["disable", "prefer"])("asks for GSS encryption first, or not (%s)", async (mode) => {
      const done = await runClient("psql", ["-X", "-At", "-c", "select 5"], {
        env: hoop.clientEnv({ PGGSSENCMODE: mode, PGSSLMODE: "require" }),
      });
      expect(done).toMatchObject({ code: 0, stdout: "5\n" });
    });

    it("verifies the name in full, and no other name", async () => {
      const authority = script(folder, "ca.pem", hoop.authority);
      const env = (name: string) =>
        hoop.clientEnv({ PGHOST: name, PGHOSTADDR: hoop.host, PGSSLMODE: "verify-full", PGSSLROOTCERT: authority });
      expect(await runClient("psql", ["-X", "-At", "-c", "select 6"], { env: env("pg.hoop") })).toMatchObject({
        code: 0,
        stdout: "6\n",
      });
      expect((await runClient("psql", ["-X", "-At", "-c", "select 6"], { env: env("other.hoop") })).stderr).toContain(
        "does not match host name",
      );
    });
  });

  it("speaks TLS at once, without asking (sslnegotiation=direct)", async () => {
    const socket = connectTls({
      host: hoop.host,
      port: hoop.port,
      servername: "pg.hoop",
      ca: hoop.authority,
      ALPNProtocols: ["postgresql"],
    });
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    expect(socket.alpnProtocol).toBe("postgresql");
    socket.write(
      encodeStartup([
        ["user", "x"],
        ["database", "app"],
      ]),
    );
    const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(first.toString("latin1", 0, 1)).toBe("R");
    socket.destroy();
  });

  it.each(ways.slice(1))("pgbench initialises and runs in every mode (%s)", async (way) => {
    const env = environment(way, hoop, target);
    const made = await runClient("pgbench", ["-i", "-q", "-s", "1"], { env });
    expect(made.code, made.stderr).toBe(0);
    expect((await target.query("select count(*)::int as n from pgbench_accounts")).rows[0].n).toBe(100_000);
    for (const mode of ["simple", "extended", "prepared"]) {
      const { code, stdout, stderr } = await runClient("pgbench", ["-n", "-M", mode, "-c", "4", "-T", "1"], { env });
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/number of failed transactions: 0/);
      expect(Number(/actually processed: (\d+)/.exec(stdout)![1])).toBeGreaterThan(10);
    }
    const pipeline = script(
      folder,
      "pipeline.sql",
      "\\startpipeline\n\\set id random(1, 2000)\nselect name from people where id = :id;\nselect 2;\n\\endpipeline\n",
    );
    const { stdout } = await runClient("pgbench", ["-n", "-M", "prepared", "-f", pipeline, "-c", "2", "-t", "50"], {
      env,
    });
    expect(stdout).toMatch(/actually processed: 100\/100/);
  });

  it("pg_dump writes the same bytes, and restores through Hoop", async () => {
    const text = await same("pg_dump", ["--no-owner"]);
    expect(text).toContain("CREATE VIEW public.big_spenders");
    await same("pg_dump", ["-t", "customers", "--inserts", "--rows-per-insert=3"]);
    await target.query("create database restored");
    try {
      const through = environment("through, TLS", hoop, target);
      const dump = join(folder, "dump.custom");
      expect((await runClient("pg_dump", ["-Fc", "-f", dump], { env: through })).code).toBe(0);
      const restored = await runClient("pg_restore", ["--no-owner", "-d", "restored", "--exit-on-error", dump], {
        env: through,
      });
      expect(restored).toMatchObject({ code: 0, stderr: "" });
      const [one, other] = await Promise.all(
        ["app", "restored"].map((database) =>
          runClient("pg_dump", ["--no-owner", database], { env: environment("direct", hoop, target) }),
        ),
      );
      expect(withoutChance(other!.stdout)).toBe(withoutChance(one!.stdout));
    } finally {
      await target.query("drop database restored with (force)");
    }
  });

  it("PostgreSQL's other programs do the same: pg_dumpall, vacuumdb, reindexdb, createdb, dropdb, pg_isready", async () => {
    // It connects to each database by name; one that is named as the user cannot be told from libpq's default.
    const dumps: string[] = [];
    for (const way of ways) {
      const env = environment(way, hoop, target);
      const user = way === "direct" ? {} : { PGUSER: "anybody" };
      const done = await runClient("pg_dumpall", ["--no-role-passwords"], { env: { ...env, ...user } });
      expect(done, way).toMatchObject({ code: 0, stderr: "" });
      dumps.push(withoutChance(done.stdout));
    }
    expect(dumps[0]!.includes("CREATE ROLE demo") && dumps[0]!.includes("COPY public.people")).toBe(true);
    for (const dump of dumps.slice(1)) expect(dump === dumps[0]).toBe(true);
    await same("vacuumdb", ["--analyze", "--jobs", "2", "app"]);
    await same("reindexdb", ["--echo", "--table", "people", "app"]);
    await same("dropdb", ["--echo", "--if-exists", "never_made"]);
    for (const way of ways) {
      const env = environment(way, hoop, target);
      expect(await runClient("pg_isready", ["-q"], { env })).toMatchObject({ code: 0, stderr: "" });
      for (const program of ["createdb", "dropdb"])
        expect(await runClient(program, ["made_here"], { env })).toMatchObject({ code: 0, stdout: "", stderr: "" });
    }
    expect((await target.query("select 1 from pg_database where datname = 'made_here'")).rows).toEqual([]);
  });

  it.skipIf(!hasJava())(
    "JDBC: prepared past its threshold, batches, cursors, COPY, metadata, large results",
    async () => {
      writeFileSync(join(folder, "Try.java"), jdbcProgram);
      const compiled = await runClient("javac", ["-cp", jdbcDriver, "Try.java"], { env: process.env, cwd: folder });
      expect(compiled.code, compiled.stderr).toBe(0);
      const text = await same("java", [
        "-Xshare:auto",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        `${jdbcDriver}:${folder}`,
        "Try",
      ]);
      expect(text).toContain("done");
    },
  );

  it.skipIf(!hasPython("psycopg2"))(
    "psycopg2: named cursors, COPY, large objects, notices, savepoints, errors in full",
    async () => {
      expect(await same(python, [script(folder, "two.py", psycopg2Script)])).toContain("done");
    },
  );

  it.skipIf(!hasPython("psycopg"))(
    "psycopg 3: pipelines with an error in the middle, binary results, parameters and COPY",
    async () => {
      expect(await same(python, [script(folder, "three.py", psycopg3Script)])).toContain("done");
    },
  );

  it.skipIf(!hasPython("psycopg"))(
    "libpq: every type in text and binary, 0 and 1,600 columns, 64 MB in one field, errors field by field",
    async () => {
      const text = await same(python, [script(folder, "raw.py", rawResultsScript(everyType))]);
      expect(text).toContain("columns 1600");
      expect(text).toContain("columns 0");
      expect(text).toContain("length 67108864");
      expect(text).toContain("done");
    },
  );

  it.skipIf(!hasPython("asyncpg"))("asyncpg: prepared, binary, cursors, COPY, timeouts that cancel", async () => {
    expect(await same(python, [script(folder, "async.py", asyncpgScript)])).toContain("done");
  });

  it("node-postgres: names, arrays, errors field by field, several statements, a client that leaves", async () => {
    const seen: unknown[] = [];
    for (const way of ways) {
      const env = environment(way, hoop, target);
      const client = new pg.Client({
        host: env.PGHOST,
        port: Number(env.PGPORT),
        user: env.PGUSER,
        password: env.PGPASSWORD,
        database: "app",
        ssl: way === "through, TLS" ? { ca: hoop.authority, servername: "pg.hoop" } : false,
      });
      const notices: unknown[] = [];
      client.on("notice", ({ message, severity, code }) => notices.push([message, severity, code]));
      await client.connect();
      const failure = (sql: string, values?: unknown[]) =>
        client.query(sql, values).then(
          () => "no failure",
          (error: pg.DatabaseError) => ({ ...error, message: error.message }),
        );
      seen.push([
        (await client.query("select * from people where id = any($1) order by id", [[1, 2, 3]])).rows,
        (await client.query({ name: "n", text: "select name from people where id = $1", values: [9] })).rows,
        (await client.query({ name: "n", text: "select name from people where id = $1", values: [10] })).rows,
        await failure("select nothing"),
        await failure("insert into strict values (1, $1)", [11]),
        await failure("insert into strict values (1, 1, $1)", [-1]),
        await failure("selec 1"),
        (
          (await client.query(
            "select 1 as a; select 2 as b; do $$ begin raise warning 'careful'; end $$",
          )) as unknown as pg.QueryResult[]
        ).map(({ rows, command }) => [rows, command]),
        (await client.query("select $1::bytea as b", [Buffer.from([0, 1, 0, 255])])).rows,
        notices,
      ]);
      await client.end();
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it("brings a notification from one session to another", async () => {
    const open = async () => {
      const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
      await client.connect();
      return client;
    };
    const [ear, mouth] = await Promise.all([open(), open()]);
    const heard = new Promise<pg.Notification>((resolve) => ear.once("notification", resolve));
    await ear.query("listen news");
    await mouth.query("select pg_notify('news', 'it is ' || $1)", ["spring"]);
    expect(await heard).toMatchObject({ channel: "news", payload: "it is spring" });
    await Promise.all([ear.end(), mouth.end()]);
  });

  it("has written everything down, and the chain holds", async () => {
    const text = await hoop.verifyAudit();
    expect(text).toContain("pg_sleep");
    expect(readFileSync(join(hoop.folder, "audit.pub"), "utf8")).toContain("PUBLIC KEY");
  });
});
