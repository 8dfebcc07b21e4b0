import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runChild } from "../../src/demo/child.js";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { reaction } from "./world.js";

const policy = `${allowAll}
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-drops }
spec:
  on: statements
  when: { effects: { any: [destroy] } }
  action: deny
`;

const runbook = `---
apiVersion: hoop/v1
kind: runbook
metadata: { name: tidy }
spec:
  who: { groups: [engineers] }
  steps:
    - { name: before, connection: pg, sql: "select 1" }
    - { name: forbidden, connection: pg, sql: "drop table customers" }
    - { name: never, connection: pg, sql: "select 2" }
---
Tries what no rule allows.
`;

interface Counts {
  readonly matched: number;
  readonly fired: number;
  readonly guarded: number;
  readonly shadowed: number;
}

/** What rules impose on people, as psql sees it. */
describe("what rules impose", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({
      version: 15,
      sql: "create table customers (id int, email text); insert into customers values (7, 'ada@example.com')",
    });
    hoop = await startHoop({ target, policy });
    await hoop.hoop("admin", ["service-accounts", "add", "responder", "--group", "engineers"]);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  async function apply(text: string): Promise<void> {
    const file = join(hoop.folder, "reactions.yaml");
    writeFileSync(file, text);
    await hoop.hoop("admin", ["reactions", "apply", "-f", file]);
  }
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse(await hoop.hoop("admin", [...args, "--json"])) as T;
  const remove = (name: string) => hoop.hoop("admin", ["reactions", "rm", name, "--yes"]);
  async function counts(name: string): Promise<Counts> {
    const items = await json<readonly { name: string; counts: Counts }[]>("reactions", "ls");
    return items.find((one) => one.name === name)!.counts;
  }
  const psql = (sql: string) =>
    runChild("psql", ["-XAtc", sql], { env: hoop.clientEnv({ PGCONNECT_TIMEOUT: "20" }), input: "" });
  const restraints = (kind: string) =>
    json<readonly { id: string; kind: string }[]>("reactions", "restraints").then((all) =>
      all.filter((one) => one.kind === kind),
    );
  async function denied(): Promise<void> {
    const { code, stderr } = await psql("drop table customers");
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/no-drops/);
  }

  it("counts what a rule in shadow would have done and does nothing; a disabled one is not asked", async () => {
    await apply(
      reaction("shadowed", "mode: shadow\non: statement.denied\nthen:\n  - kill: {}") +
        reaction("off", "on: statement.denied\nthen:\n  - kill: {}"),
    );
    await hoop.hoop("admin", ["reactions", "disable", "off"]);
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    await client.connect();
    await expect(client.query("drop table customers")).rejects.toThrow(/no-drops/);
    await until("the shadow is counted", async () => (await counts("shadowed")).shadowed === 1);
    expect(await counts("shadowed")).toMatchObject({ matched: 1, fired: 0 });
    expect(await counts("off")).toMatchObject({ matched: 0, fired: 0, shadowed: 0 });
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await client.end();
    expect(await restraints("kill")).toEqual([]);
    await remove("shadowed");
    await remove("off");
  }, 240_000);

  it("has all columns masked, also in sessions that begin later", async () => {
    await apply(reaction("mask-all", 'on: statement.denied\nthen:\n  - tightenMasks: { for: 1h, method: "null" }'));
    expect((await psql("select id, email from customers")).stdout.trim()).toBe("7|ada@example.com");
    await denied();
    await until("it is masked", async () => (await psql("select id, email from customers")).stdout.trim() === "|");
    await hoop.hoop("admin", ["reactions", "release", (await restraints("masks"))[0]!.id]);
    await until("it is shown", async () => (await psql("select email from customers")).stdout.includes("ada@"));
    await remove("mask-all");
  }, 240_000);

  it("has what a person asks reviewed for a time, and not any more after it", async () => {
    await apply(
      reaction(
        "look-first",
        "on: statement.denied\nquiet: 1h\nthen:\n  - requireReview: { for: 40s, hold: { approvals: { groups: admins } } }",
      ),
    );
    await denied();
    await until("it is imposed", async () => (await restraints("review")).length > 0);
    const held = psql("select 41 + 1");
    const open = () => json<readonly { id: string; state: string }[]>("review", "ls");
    await until("a review is open", async () => (await open()).length > 0);
    await hoop.hoop("admin", ["review", "approve", (await open())[0]!.id]);
    expect((await held).stdout.trim()).toBe("42");
    await until("its time is over", async () => (await restraints("review")).length === 0, 60_000);
    expect((await psql("select 43")).stdout.trim()).toBe("43");
    expect(await counts("look-first")).toMatchObject({ fired: 1 });
    await remove("look-first");
  }, 240_000);

  it("ends a paused session that nobody releases, when its time is over", async () => {
    await apply(reaction("pause", "on: statement.denied\nby: session\nquiet: 1h\nthen:\n  - pause: { for: 3s }"));
    const began = Date.now();
    const { code, stderr } = await runChild(
      "psql",
      ["-XAt", "-c", "drop table customers", "-c", "select 'it was forwarded'"],
      { env: hoop.clientEnv(), input: "" },
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/nobody released it in time/);
    expect(Date.now() - began).toBeGreaterThanOrEqual(2_500);
    const killed = await until(
      "its end is an event",
      async () =>
        (
          await json<readonly { data: { text: string }; cause: { rule: string }[] }[]>(
            "events",
            "ls",
            "--type",
            "session.killed",
          )
        )[0],
    );
    expect(killed.data.text).toMatch(/nobody released it in time/);
    expect(killed.cause.map(({ rule }) => rule)).toEqual(["pause"]);
    await remove("pause");
  }, 240_000);

  it("stops two rules that answer each other's runbooks, and says how many steps a run had", async () => {
    const file = join(hoop.folder, "tidy.runbook.md");
    writeFileSync(file, runbook);
    await hoop.hoop("admin", ["runbook", "write", file]);
    const then = "then:\n  - run: { runbook: tidy, as: { machine: responder } }";
    await apply(reaction("ping", `on: statement.denied\n${then}`) + reaction("pong", `on: runbook.finished\n${then}`));
    await denied();
    const finished = () =>
      json<readonly { data: object; cause: { rule: string }[] }[]>("events", "ls", "--type", "runbook.finished");
    await until("both ran", async () => (await finished()).length >= 2, 60_000);
    await until("the second end was looked at", async () => (await counts("pong")).guarded >= 1);
    // The refusals come by the journal, and so may come after the ends of their runs.
    await until("the refusals were looked at", async () => (await counts("ping")).guarded >= 2);
    expect(await counts("ping")).toMatchObject({ matched: 3, fired: 1, guarded: 2 });
    expect(await counts("pong")).toMatchObject({ matched: 2, fired: 1, guarded: 1 });
    const ends = await finished();
    expect(ends.map(({ cause }) => cause.map(({ rule }) => rule))).toEqual([["ping", "pong"], ["ping"]]);
    for (const { data } of ends) expect(data).toMatchObject({ runbook: "tidy", outcome: "failed", steps: 2 });
    await remove("ping");
    await remove("pong");
  }, 300_000);

  it("says of a run that took too long that it did", async () => {
    const file = join(hoop.folder, "slow.runbook.md");
    const steps = `  timeout: 2s\n  steps:\n    - { name: sleep, connection: pg, sql: "select pg_sleep(30)" }`;
    writeFileSync(
      file,
      `---\napiVersion: hoop/v1\nkind: runbook\nmetadata: { name: slow }\nspec:\n  who: { groups: [engineers] }\n${steps}\n---\nSleeps.\n`,
    );
    await hoop.hoop("admin", ["runbook", "write", file]);
    const run = (await hoop.hoop("engineer", ["runbook", "run", "slow", "--no-wait"])).trim();
    const end = await until(
      "its end is an event",
      async () =>
        (await json<readonly { data: { run: string } }[]>("events", "ls", "--type", "runbook.finished")).find(
          ({ data }) => data.run === run,
        ),
      60_000,
    );
    expect(end.data).toMatchObject({ outcome: "timed-out", steps: 1, error: expect.stringMatching(/2 s/) });
  }, 240_000);

  it("takes a user's access away: disabled, signed out, its session ended", async () => {
    await apply(reaction("revoke", "on: statement.denied\nthen:\n  - revoke: { what: [user, logins] }"));
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    const ended = new Promise<string>((resolve) => client.on("error", ({ message }) => resolve(message)));
    await client.connect();
    await expect(client.query("drop table customers")).rejects.toThrow(/no-drops/);
    await ended;
    await until("it is signed out", () =>
      hoop.hoop("engineer", ["whoami"]).then(
        () => false,
        () => true,
      ),
    );
    await until("its event is there", async () =>
      (
        await json<readonly { data: { user: { name: string }; disabled: boolean } }[]>(
          "events",
          "ls",
          "--type",
          "user.changed",
        )
      ).some(({ data }) => data.user.name === "ada" && data.disabled),
    );
    expect(await hoop.verifyAudit()).toContain("reaction.revoked");
  }, 240_000);
});
