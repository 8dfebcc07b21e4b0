import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runClient, until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.js";

/** An open session that keeps what it is told. */
async function listen(place: { host: string; port: number }) {
  const client = new pg.Client({ ...place, user: "x", database: "app" });
  const told: string[] = [];
  client.on("error", () => {});
  client.on("notice", ({ message }) => told.push(`NOTICE ${message}`));
  client.connection.on("errorMessage", (error: pg.DatabaseError) =>
    told.push(`${error.severity} ${error.code} ${error.message}`),
  );
  const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
  await client.connect();
  return { client, told, ended };
}

const psql = (place: { host: string; port: number }, sql: string, hoop: RunningHoop) =>
  runClient("psql", ["-X", "-At", "-c", sql], {
    env: hoop.clientEnv({ PGHOST: place.host, PGPORT: String(place.port) }),
  });

describe("a Hoop that is changed, drained and started again", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: "create table t (a int)" });
    hoop = await startHoop({ target, gateway: { HOOP_DRAIN_MS: "1500" }, agentFlags: ["--drain-ms", "2500"] });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  it("drops nothing when rules and connections change under load", async () => {
    await target.query("create table if not exists counted (n int); truncate counted; insert into counted values (0)");
    // All of them are in before anything changes: who comes in at that very moment is refused in words, and comes again.
    const clients = await Promise.all(Array.from({ length: 6 }, () => listen(hoop)));
    let over = false;
    const load = clients.map(async ({ client }) => {
      for (let done = 0; ; done++) {
        if (over) return done;
        await client.query("begin");
        await client.query({ name: "more", text: "update counted set n = n + $1", values: [1] });
        await client.query({ name: "look", text: "select n from counted where n > $1", values: [0] });
        await client.query("commit");
      }
    });
    const all = Promise.all(load);
    const broken = all.then(
      () => null,
      (error: unknown) => error,
    );
    for (let changes = 0; changes < 5; changes++) {
      const file = join(hoop.folder, "load.yaml");
      writeFileSync(
        file,
        `${allowAll}---\napiVersion: hoop/v1\nkind: guard\nmetadata: { name: g${changes} }\nspec: { when: { relations: { any: ["nothing${changes}"] } }, action: deny }\n`,
      );
      await hoop.hoop("admin", ["apply", "-f", file, "--prune", "--yes"]);
      await hoop.hoop("admin", ["connections", "edit", "pg", "--label", `round=${changes}`]);
    }
    over = true;
    expect(await broken).toBeNull();
    const done = await all;
    expect(Math.min(...done)).toBeGreaterThan(0);
    expect((await target.query("select n from counted")).rows).toEqual([
      { n: done.reduce((sum, one) => sum + one, 0) },
    ]);
    for (const { client, told } of clients) {
      expect(told).toEqual([]);
      await client.end();
    }
  });

  it("an agent that is told to stop lets open sessions go on for a while, takes no new ones, and says so", async () => {
    const one = await listen(hoop);
    const stopping = hoop.agent!.stop();
    const refused = await until("new sessions are refused", async () => {
      const done = await psql(hoop, "select 1", hoop);
      return done.code === 0 ? null : done;
    });
    expect(refused.stderr).toMatch(/FATAL: {2}hoop: agent site (is shutting down|is not connected)/);
    await stopping;
    await one.ended;
    expect(one.told.join("\n")).toMatch(/FATAL .*(shutting down|lost|target)/);
    await hoop.agent!.start();
    await until("it is back", async () => (await psql(hoop, "select 'back'", hoop)).stdout === "back\n");
  });

  it("a gateway that is told to stop tells each session, idle or not, and starts again where it was", async () => {
    const [idle, busy] = [await listen(hoop), await listen(hoop)];
    void busy.client.query("select pg_sleep(60)").catch(() => {});
    await until(
      "the statement runs",
      async () =>
        (await target.query("select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"))
          .rows.length === 1,
    );
    const stopping = hoop.gateway.stop();
    const refused = await until("new sessions are refused", async () => {
      const done = await psql(hoop, "select 1", hoop);
      return done.code === 0 ? null : done;
    });
    expect(refused.stderr).toMatch(/FATAL: {2}hoop.*(shutting down|cannot be reached)/);
    await Promise.all([stopping, idle.ended, busy.ended]);
    for (const { told } of [idle, busy]) {
      expect(told.join("\n")).toMatch(/NOTICE .*the gateway is shutting down; this session ends in/);
      expect(told.join("\n")).toMatch(/FATAL 57P01 hoop: the gateway is shutting down/);
    }
    await until(
      "the target runs nothing of it",
      async () =>
        (await target.query("select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"))
          .rows.length === 0,
    );
    await hoop.gateway.start();
    await until("it is back", async () => (await psql(hoop, "select 'back'", hoop)).stdout === "back\n", 40_000);
    expect(await hoop.verifyAudit()).toContain("shutting down");
  });
});

/** PostgreSQL 18 behind TLS only, the store in another PostgreSQL, the journal in the store: what the other suites leave out. */
describe.skipIf(!hasPostgres(18))("a Hoop of other settings", () => {
  const servers: PostgresServer[] = [];
  let store: PostgresServer;
  let target: PostgresServer;
  let hoop: RunningHoop;
  let mute: Server;
  beforeAll(async () => {
    store = await startPostgres({ version: 15 });
    target = await startPostgres({ version: 18, tls: "required", sql: "create table t (a int)" });
    const [md5, clear] = await Promise.all([
      startPostgres({ version: 15, auth: "md5" }),
      startPostgres({ version: 15, auth: "password" }),
    ]);
    servers.push(store, target, md5, clear);
    mute = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const ca = join(target.folder, "ca.crt");
    hoop = await startHoop({
      target,
      gateway: {
        DATABASE_URL: `postgres://postgres:${store.password}@127.0.0.1:${store.port}/app`,
        HOOP_JOURNAL: "store",
        HOOP_HANDSHAKE_MS: "10000",
      },
      connection: ["--tls", "verify-full", "--tls-ca", ca],
      agentFlags: ["--allow", "127.0.0.1:1024-65535"],
    });
    const add = (name: string, port: number, password: string, ...more: string[]) =>
      hoop.hoop(
        "admin",
        [
          "connections",
          "add",
          name,
          "--host",
          "127.0.0.1",
          "--port",
          String(port),
          "--user",
          "postgres",
          "--target",
          "database=app",
          "--password-stdin",
          ...more,
        ],
        password,
      );
    const muted = (mute.address() as { port: number }).port;
    await add("no-ca", target.port, target.password, "--agent", "site", "--tls", "verify-full");
    await add(
      "other-name",
      target.port,
      target.password,
      "--agent",
      "site",
      "--tls",
      "verify-full",
      "--tls-ca",
      ca,
      "--tls-server-name",
      "elsewhere.example",
    );
    await add("no-tls", target.port, target.password, "--agent", "site", "--tls", "disable");
    await add("required", target.port, target.password, "--agent", "site", "--tls", "require");
    await add("wrong", target.port, "not the password", "--agent", "site", "--tls", "verify-full", "--tls-ca", ca);
    await add("md5", md5.port, md5.password, "--agent", "site", "--tls", "disable");
    await add(
      "md5-exposed",
      md5.port,
      md5.password,
      "--agent",
      "site",
      "--tls",
      "disable",
      "--exposes-credential-to-agent",
    );
    await add("md5-near", md5.port, md5.password, "--agent", "none", "--tls", "disable");
    await add("clear", clear.port, clear.password, "--agent", "site", "--tls", "disable");
    await add(
      "clear-exposed",
      clear.port,
      clear.password,
      "--agent",
      "site",
      "--tls",
      "disable",
      "--exposes-credential-to-agent",
    );
    await add("mute", muted, "x", "--agent", "site", "--tls", "disable");
    await add("nobody", 1024, "x", "--agent", "site", "--tls", "disable");
    await add("forbidden", 80, "x", "--agent", "site", "--tls", "disable");
  });
  afterAll(async () => {
    await hoop?.stop();
    mute?.close();
    for (const server of servers) await server.stop();
  });

  const through = async (name: string, sql = "select 'in'") => psql(await hoop.place(name), sql, hoop);

  it("logs in over TLS that it verifies, at PostgreSQL 18", async () => {
    const done = await through(
      "pg",
      "select current_setting('server_version_num')::int >= 180000, (select ssl from pg_stat_ssl where pid = pg_backend_pid())",
    );
    expect(done).toMatchObject({ code: 0, stdout: "t|t\n" });
    expect(await through("required")).toMatchObject({ code: 0, stdout: "in\n" });
  });

  it.each([
    ["no-ca", /certificate is not trusted/],
    ["other-name", /certificate is not trusted/],
    ["no-tls", /does not let "postgres" in from here/],
    ["wrong", /did not accept the credential stored/],
    ["md5", /credential|agent|TLS/],
    ["clear", /credential|agent|TLS/],
    ["nobody", /refused|cannot reach/],
    ["forbidden", /not allowed to dial/],
    ["mute", /the target of mute did not answer in time/],
  ])("%s: a clear FATAL, never a hang", async (name, words) => {
    const done = await through(name);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/FATAL: {2}hoop: /);
    expect(done.stderr).toMatch(words);
  });

  it("shows a password to the agent only where that was accepted, and never from the gateway itself", async () => {
    for (const name of ["md5-exposed", "md5-near", "clear-exposed"])
      expect(await through(name), name).toMatchObject({ code: 0, stdout: "in\n" });
  });

  it("keeps its journal in the store, also over a kill -9, and the chain verifies", async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => through("pg", `insert into t values (${n}) returning a as "kept-${n}"`)),
    );
    await hoop.gateway.kill();
    await hoop.gateway.start();
    await until("it is back", async () => (await through("pg")).stdout === "in\n", 40_000);
    const audit = await hoop.verifyAudit();
    for (let n = 0; n < 10; n++) expect(audit).toContain(`kept-${n}`);
  });

  it("lives through a store that drops every connection, again and again", async () => {
    const one = await listen(await hoop.place("pg"));
    const pid = hoop.gateway.pid;
    for (let round = 0; round < 8; round++) {
      // Sessions that begin keep the store busy in transactions of its own.
      const busy = Promise.all(Array.from({ length: 4 }, () => through("pg")));
      await store.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
      );
      await until("statements go on", () =>
        one.client.query("select 1").then(
          () => true,
          () => false,
        ),
      );
      await busy;
    }
    expect((await one.client.query("select 'same session' as word")).rows).toEqual([{ word: "same session" }]);
    expect(() => process.kill(pid, 0)).not.toThrow();
    await one.client.end();
  });
});
