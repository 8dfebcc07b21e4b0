import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runClient, until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

/** What runs meanwhile would run for twice as long. The promise is one second; the figure itself is printed. */
const withinMs = 30_000;

/** One open session, and what it was told when it ended. */
interface Victim {
  readonly client: pg.Client;
  readonly end: Promise<{ at: number; code: string | undefined; severity: string | undefined; text: string }>;
}

/** "Revoked is gone": each way to lose a right ends open lanes in words, and new ones are refused in words. */
describe("losing a right", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  const figures: string[] = [];
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: "create table t (a int)" });
    hoop = await startHoop({ target, groups: ["engineers"] });
  });
  afterAll(async () => {
    if (figures.length > 0) console.log(figures.join("\n"));
    await hoop?.stop();
    await target?.stop();
  });

  const policy = async (text: string): Promise<void> => {
    const file = join(hoop.folder, "changed.yaml");
    writeFileSync(file, text);
    await hoop.hoop("admin", ["apply", "-f", file, "--prune", "--yes"]);
  };

  let idle: Victim;
  let busy: Victim;
  let opening: Victim;
  beforeEach(async () => {
    [idle, busy, opening] = [await victim(), await victim(), await victim()];
    void busy.client.query("select pg_sleep(60)").catch(() => {});
    await opening.client.query("begin");
    await until(
      "the statement runs",
      async () =>
        (await target.query("select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"))
          .rows.length === 1,
    );
  });
  afterEach(() => {
    for (const one of [idle, busy, opening]) one?.client.connection?.stream?.destroy();
  });

  async function victim(): Promise<Victim> {
    const client = new pg.Client({
      host: hoop.host,
      port: hoop.port,
      user: "x",
      database: "app",
      application_name: "victim",
    });
    // The FATAL comes as an error of whatever runs, or of the idle client itself.
    const end = new Promise<Awaited<Victim["end"]>>((resolve) => {
      client.on("error", () => {});
      client.connection.on("errorMessage", (error: pg.DatabaseError) =>
        resolve({ at: Date.now(), code: error.code, severity: error.severity, text: error.message }),
      );
      client.once("end", () =>
        resolve({
          at: Date.now(),
          code: undefined,
          severity: undefined,
          text: "the connection was closed without a word",
        }),
      );
    });
    await client.connect();
    return { client, end };
  }

  /** Expects that these victims end in words after `revoke`, and that the target runs nothing of theirs any more. */
  async function expectEnd(
    name: string,
    victims: readonly Victim[],
    revoke: () => Promise<void>,
    words: RegExp,
  ): Promise<void> {
    const before = Date.now();
    await revoke();
    const done = Date.now();
    for (const { end } of victims) {
      const told = await Promise.race([
        end,
        new Promise<never>((_, reject) =>
          setTimeout(
            () => reject(new Error(`${name}: a session is still open after ${withinMs} ms`)),
            withinMs,
          ).unref(),
        ),
      ]);
      expect(told).toMatchObject({ code: "57P01", severity: "FATAL" });
      expect(told.text).toMatch(words);
      figures.push(
        `${name}: ended ${told.at - before} ms after the command was started, ${Math.max(0, told.at - done)} ms after it had returned`,
      );
    }
    if (victims.includes(busy)) {
      await until(
        "the target runs nothing of it any more",
        async () =>
          (
            await target.query(
              "select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'",
            )
          ).rows.length === 0,
        withinMs,
      );
    }
  }

  /** The tunnel itself has no certificate: where the gateway does not take the lane, a client that insists on TLS hears no reason. */
  async function expectRefusal(words: RegExp, sslmodes = ["disable", "prefer"]): Promise<void> {
    for (const sslmode of sslmodes) {
      const done = await runClient("psql", ["-X", "-c", "select 1"], { env: hoop.clientEnv({ PGSSLMODE: sslmode }) });
      expect(done.code).toBe(2);
      expect(done.stderr).toMatch(words);
      expect(done.stderr).toMatch(/FATAL: {2}hoop/);
    }
  }

  async function expectNewSession(): Promise<void> {
    const last = await until("a new session works", async () => {
      const done = await runClient("psql", ["-X", "-At", "-c", "select 'in'"], { env: hoop.clientEnv() });
      return done.stdout === "in\n" ? done : null;
    });
    expect(last.code).toBe(0);
  }

  it("a killed session ends, and only that one", async () => {
    // The youngest first; they were opened one after the other.
    const [, second, first] = JSON.parse(await hoop.hoop("admin", ["sessions", "ls", "--open", "--json"])) as {
      id: string;
    }[];
    await expectEnd(
      "sessions kill, a statement running",
      [busy],
      async () => void (await hoop.hoop("admin", ["sessions", "kill", second!.id, "--reason", "maintenance"])),
      /admin ended this session: maintenance/,
    );
    await expectEnd(
      "sessions kill, idle",
      [idle],
      async () => void (await hoop.hoop("admin", ["sessions", "kill", first!.id])),
      /admin ended this session/,
    );
    expect((await opening.client.query("select 'lives' as word")).rows).toEqual([{ word: "lives" }]);
    await expectNewSession();
  });

  it("a changed rule ends what it no longer allows", async () => {
    await expectEnd(
      "rule change",
      [idle, busy, opening],
      () => policy(allowAll.replace("[engineers, admins]", "[others]")),
      /access to pg was withdrawn/,
    );
    await expectRefusal(/no access rule/, ["disable", "prefer", "require"]);
    await policy(allowAll);
    await expectNewSession();
  });

  it("a rule that still allows leaves sessions open, and judges the next statement anew", async () => {
    await policy(
      `${allowAll}---\napiVersion: hoop/v1\nkind: guard\nmetadata: { name: no-insert }\nspec: { when: { effects: { any: [write] } }, action: deny, reason: frozen }\n`,
    );
    const refusal = await until("the rule is in force", () =>
      opening.client.query("insert into t values (1)").then(
        () => null,
        (error: unknown) => error,
      ),
    );
    expect(refusal).toMatchObject({
      code: "42501",
      message: expect.stringContaining("frozen"),
    });
    expect((await idle.client.query("select 'lives' as word")).rows).toEqual([{ word: "lives" }]);
    await policy(allowAll);
    await until("writing is allowed again", () =>
      idle.client.query("insert into t values (1)").then(
        () => true,
        () => false,
      ),
    );
  });

  it("leaving a group ends what the group allowed", async () => {
    await expectEnd(
      "group removed",
      [idle, busy, opening],
      async () => void (await hoop.hoop("admin", ["users", "edit", "ada", "--group", "writers"])),
      /access to pg was withdrawn/,
    );
    await expectRefusal(/no access rule/, ["disable", "prefer", "require"]);
    await hoop.hoop("admin", ["users", "edit", "ada", "--group", "engineers"]);
    await expectNewSession();
  });

  it("a disabled user is out", async () => {
    await expectEnd(
      "users disable",
      [idle, busy, opening],
      async () => void (await hoop.hoop("admin", ["users", "disable", "ada"])),
      /ada was disabled/,
    );
    await expectRefusal(/disabled/);
    await hoop.hoop("admin", ["users", "enable", "ada"]);
    await hoop.logIn();
    await expectNewSession();
  });

  it("a removed connection is gone", async () => {
    await expectEnd(
      "connections rm",
      [idle, busy, opening],
      async () => void (await hoop.hoop("admin", ["connections", "rm", "pg", "--yes"])),
      /connection pg was removed/,
    );
    await expectRefusal(/no connection is named/);
    await hoop.hoop(
      "admin",
      [
        "connections",
        "add",
        "pg",
        "--host",
        target.host,
        "--port",
        String(target.port),
        "--agent",
        "site",
        "--user",
        target.user,
        "--target",
        "database=app",
        "--tls",
        "disable",
        "--password-stdin",
      ],
      target.password,
    );
    await expectNewSession();
  });

  it("logging out ends the sessions of that login", async () => {
    await expectEnd(
      "logout",
      [idle, busy, opening],
      async () => void (await hoop.hoop("engineer", ["logout"])),
      /login that opened this session has ended/,
    );
    await expectRefusal(/this login was ended|you are not logged in/);
    // Who logs in again needs not start the tunnel again.
    await hoop.logIn();
    await expectNewSession();
  });
});
