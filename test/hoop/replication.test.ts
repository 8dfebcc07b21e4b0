import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runClient, until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const binaries = "/usr/lib/postgresql/15/bin";
const password = "a secret of this test";

/** Replication by PostgreSQL's own programs: streams of WAL in both directions at once (COPY BOTH), refused unless it is allowed. */
describe("replication through Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let folder: string;
  beforeAll(async () => {
    target = await startPostgres({
      version: 15,
      sql: `create table people (id int primary key, name text);
        create role streamer login replication password '${password}'; grant pg_read_all_data to streamer;`,
    });
    hoop = await startHoop({ target });
    const add = (name: string, user: string, secret: string, ...more: string[]) =>
      hoop.hoop(
        "admin",
        [
          ...["connections", "add", name, "--host", target.host, "--port", String(target.port), "--agent", "site"],
          ...["--user", user, "--target", "database=app", "--tls", "disable", "--password-stdin", ...more],
        ],
        secret,
      );
    // A user of the session's own, made by a superuser; and one that is the connection's for good.
    await add("own", target.user, target.password, "--target", "allowReplication=true");
    await add("kept", "streamer", password, "--target", "allowReplication=true", "--credential", "users=static");
    folder = mkdtempSync(join(tmpdir(), "hoop-replication-"));
  });
  afterAll(async () => {
    if (folder) rmSync(folder, { recursive: true, force: true });
    await hoop?.stop();
    await target?.stop();
  });

  async function env(name: string, mode = "disable"): Promise<NodeJS.ProcessEnv> {
    const place = await hoop.place(name);
    return hoop.clientEnv({ PGHOST: place.host, PGPORT: String(place.port), PGSSLMODE: mode });
  }

  interface Streaming {
    readonly child: ChildProcess;
    readonly exited: Promise<number | null>;
    out(): string;
    errors(): string;
  }

  /** One that goes on until it is told to stop. */
  function stream(file: string, args: readonly string[], environment: NodeJS.ProcessEnv): Streaming {
    const child = spawn(join(binaries, file), args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    return { child, exited, out: () => out, errors: () => errors };
  }

  const slots = async (): Promise<readonly string[]> =>
    (await target.query("select slot_name from pg_replication_slots where active")).rows.map(
      (row) => row.slot_name as string,
    );

  it.each([
    ["pg_recvlogical", ["-d", "app", "--slot", "no", "--create-slot"]],
    ["pg_receivewal", ["-D", "/nonexistent", "--slot", "no", "--create-slot"]],
    ["pg_basebackup", ["-D", "/nonexistent/backup"]],
  ])("%s is refused in words where it is not allowed, and nothing was made", async (file, args) => {
    const done = await runClient(file, args, { env: hoop.clientEnv() });
    expect(done.code).not.toBe(0);
    expect(done.stderr).toMatch(/FATAL: {2}hoop: replication is not allowed on this connection/);
    expect(done.stderr).toContain("allowReplication");
    expect((await target.query("select 1 from pg_replication_slots where slot_name = 'no'")).rows).toEqual([]);
  });

  it.each(["own", "kept"])(
    "%s: a session for replication answers its commands and, with a database, SQL",
    async (name) => {
      const environment = await env(name);
      const psql = (replication: string, ...texts: string[]) =>
        runClient(
          "psql",
          ["-X", "-At", `dbname=app replication=${replication}`, ...texts.flatMap((text) => ["-c", text])],
          { env: environment },
        );
      const logical = await psql(
        "database",
        "IDENTIFY_SYSTEM",
        "SHOW work_mem",
        "select 1 + 1",
        "set search_path to pg_catalog",
        "select current_setting('search_path')",
        "IDENTIFY_SYSTEM",
        "select count(*) from pg_replication_slots",
      );
      expect(logical).toMatchObject({ code: 0, stderr: "" });
      expect(logical.stdout).toMatch(/^\d+\|1\|[0-9A-F/]+\|app\n4MB\n2\nSET\npg_catalog\n\d+\|1\|.*\|app\n0\n$/);
      const physical = await psql(
        "true",
        "IDENTIFY_SYSTEM",
        "SHOW work_mem",
        "IDENTIFY_SYSTEM",
        "SHOW wal_segment_size",
      );
      expect(physical).toMatchObject({ code: 0, stderr: "" });
      const { wal_segment_size: segment } = (await target.query("show wal_segment_size")).rows[0];
      const [first, memory, second, size] = physical.stdout.trimEnd().split("\n");
      expect([memory, size]).toEqual(["4MB", segment]);
      for (const system of [first, second]) expect(system).toMatch(/^\d+\|1\|[0-9A-F/]+\|$/);
      // The target's own words, and the session goes on.
      const wrong = await psql("true", "select 1", "IDENTIFY_SYSTEM");
      expect(wrong.stderr).toContain("cannot execute SQL commands in WAL sender for physical replication");
      expect(wrong.stdout).toMatch(/^\d+\|1\|/);
    },
  );

  it.each([
    ["own", "disable"],
    ["kept", "require"],
  ])("%s: pg_recvlogical streams changes as they are made (sslmode=%s)", async (name, mode) => {
    const environment = await env(name, mode);
    const slot = `logical_${name}`;
    const common = ["-d", "app", "--slot", slot];
    const made = await runClient("pg_recvlogical", [...common, "--create-slot", "-P", "test_decoding"], {
      env: environment,
    });
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const streaming = stream("pg_recvlogical", [...common, "--start", "-f", "-", "-s", "1", "-F", "1"], environment);
    try {
      await until("it streams", async () => (await slots()).includes(slot));
      for (let id = 1; id <= 3; id++) {
        await target.query(`truncate people; insert into people values (${id}, 'person ${id}')`);
        await until(`change ${id} arrives: ${streaming.errors()}`, () =>
          streaming.out().includes(`INSERT: id[integer]:${id} name[text]:'person ${id}'`),
        );
      }
      // More than any frame or buffer on the way, in transactions of their own.
      await target.query("insert into people select i, repeat('x', 1000) from generate_series(10, 20009) i");
      await until("20,000 changes arrive", () => streaming.out().includes("id[integer]:20009 "));
      expect(streaming.out().match(/INSERT: id/g)).toHaveLength(20_003);
      // The standby's own words arrive as well: what it has confirmed is known to the target.
      await until("it is confirmed", async () => {
        const { rows } = await target.query(
          `select confirmed_flush_lsn >= pg_current_wal_insert_lsn() - 1024 * 1024::numeric as done from pg_replication_slots where slot_name = '${slot}'`,
        );
        return rows[0].done === true;
      });
    } finally {
      streaming.child.kill("SIGINT");
    }
    // Ctrl-C: it says CopyDone, waits for the target's, and ends well.
    expect(await streaming.exited, streaming.errors()).toBe(0);
    await until("the slot is free", async () => !(await slots()).includes(slot));
    const dropped = await runClient("pg_recvlogical", [...common, "--drop-slot"], { env: environment });
    expect(dropped).toMatchObject({ code: 0, stderr: "" });
  });

  it("pg_receivewal streams WAL, byte for byte", async () => {
    const environment = await env("own", "require");
    const wal = mkdtempSync(join(folder, "wal-"));
    const common = ["-D", wal, "--slot", "physical"];
    const made = await runClient("pg_receivewal", [...common, "--create-slot"], { env: environment });
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const streaming = stream("pg_receivewal", [...common, "-s", "1", "--no-loop"], environment);
    let files: string[] = [];
    try {
      await until(`it streams: ${streaming.errors()}`, async () => (await slots()).includes("physical"));
      for (let i = 0; i < 2; i++)
        await target.query(
          // Something that is always written: a segment without anything new in it is not switched.
          "select pg_logical_emit_message(false, 'test', 'wal'); select pg_switch_wal()",
        );
      files = await until("a whole segment is there", () => {
        const whole = readdirSync(wal).filter((file) => /^[0-9A-F]{24}$/.test(file));
        return whole.length > 0 && whole;
      });
    } finally {
      streaming.child.kill("SIGINT");
    }
    expect(await streaming.exited, streaming.errors()).toBe(0);
    for (const file of files)
      expect(readFileSync(join(wal, file)).equals(readFileSync(join(target.folder, "data", "pg_wal", file)))).toBe(
        true,
      );
    expect((await runClient("pg_receivewal", [...common, "--drop-slot"], { env: environment })).code).toBe(0);
  });

  it.each(["own", "kept"])("%s: pg_basebackup takes a whole cluster, verified by its manifest", async (name) => {
    const backup = join(folder, `backup-${name}`);
    const done = await runClient("pg_basebackup", ["-D", backup, "-X", "stream", "-c", "fast"], {
      env: await env(name),
    });
    expect(done).toMatchObject({ code: 0 });
    expect(existsSync(join(backup, "backup_manifest"))).toBe(true);
    expect(await runClient("pg_verifybackup", [backup], { env: process.env })).toMatchObject({ code: 0 });
  });

  it("a stream that is killed ends at the target, too, and says why", async () => {
    const environment = await env("kept");
    const common = ["-d", "app", "--slot", "killed"];
    await runClient("pg_recvlogical", [...common, "--create-slot", "-P", "test_decoding"], { env: environment });
    const streaming = stream("pg_recvlogical", [...common, "--start", "-f", "-", "--no-loop"], environment);
    await until("it streams", async () => (await slots()).includes("killed"));
    const open = JSON.parse(await hoop.hoop("admin", ["sessions", "ls", "--open", "--json"])) as readonly {
      id: string;
    }[];
    for (const { id } of open) await hoop.hoop("admin", ["sessions", "kill", id, "--reason", "enough of it"]);
    expect(await streaming.exited).not.toBe(0);
    expect(streaming.errors()).toContain("enough of it");
    await until("the slot is free", async () => !(await slots()).includes("killed"));
    await target.query("select pg_drop_replication_slot('killed')");
  });

  it("rules judge its commands: who may only read makes no slot, and a rule about any table stops what streams all", async () => {
    const environment = await env("kept");
    const ask = (text: string) =>
      runClient("psql", ["-X", "-At", "dbname=app replication=database", "-c", text, "-c", "IDENTIFY_SYSTEM"], {
        env: environment,
      });
    const rules = join(folder, "rules.yaml");
    const apply = async (policy: string) => {
      writeFileSync(rules, policy);
      await hoop.hoop("admin", ["apply", "-f", rules, "--prune", "--yes"]);
    };
    try {
      await apply(allowAll.replace(/effects: .*/, "effects: [read]"));
      for (const command of ["CREATE_REPLICATION_SLOT rules LOGICAL test_decoding", "BASE_BACKUP"]) {
        const { stderr, stdout } = await ask(command);
        expect(stderr).toMatch(/ERROR: {2}hoop: /);
        expect(stdout).toMatch(/^\d+\|1\|.*\|app\n$/);
      }
      const guard =
        "kind: guard\nmetadata: { name: no-people }\nspec:\n  when: { relations: { any: public.people } }\n  action: deny";
      await apply(`${allowAll}\n---\napiVersion: hoop/v1\n${guard}\n`);
      for (const command of ["START_REPLICATION 0/0", "BASE_BACKUP (LABEL 'x')"]) {
        const { stderr, stdout } = await ask(command);
        expect(stderr).toMatch(/hoop: guard "no-people" refuses this/);
        expect(stdout).toMatch(/^\d+\|1\|.*\|app\n$/);
      }
      expect((await target.query("select 1 from pg_replication_slots")).rows).toEqual([]);
    } finally {
      await apply(allowAll);
    }
  });

  it("every command is written down", async () => {
    const audit = await hoop.verifyAudit();
    for (const command of ["CREATE_REPLICATION_SLOT", "START_REPLICATION SLOT", "BASE_BACKUP"])
      expect(audit.includes(command), command).toBe(true);
  });
});
