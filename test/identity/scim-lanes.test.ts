import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Listed, patchOp, type Shown } from "./scim-support.js";

/** What a directory takes away ends in the middle of what somebody does with psql, in PostgreSQL's own words. */
describe("a directory and open lanes", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let token: string;
  let ada: Shown;
  let engineers: Shown;

  beforeAll(async () => {
    target = await startPostgres({ version: 15 });
    hoop = await startHoop({ target, groups: ["engineers"] });
    await hoop.hoop("admin", ["scim", "add", "okta", "--group-prefix", "okta-"]);
    const made = JSON.parse(await hoop.hoop("admin", ["scim", "token", "okta", "--label", "e2e", "--json"])) as {
      token: string;
      url: string;
    };
    expect(made.url).toBe(`${hoop.http}/scim/v2`);
    token = made.token;
    await hoop.hoop("admin", ["scim", "give", "okta", "--user", "ada"]);
    await hoop.hoop("admin", ["scim", "give", "okta", "--group", "engineers"]);
    const found = await scim<Listed>("GET", `/Users?filter=${encodeURIComponent('userName eq "ada"')}`);
    ada = found.Resources[0] as Shown;
    const groups = await scim<Listed>("GET", `/Groups?filter=${encodeURIComponent('displayName eq "engineers"')}`);
    engineers = groups.Resources[0] as Shown;
    expect(engineers["members"]).toMatchObject([{ value: ada.id }]);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  async function scim<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${hoop.http}/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return (text === "" ? null : JSON.parse(text)) as T;
  }

  /** A psql in the middle of a statement. */
  async function sleeper() {
    const child = spawn("psql", ["-X", "-c", "select pg_sleep(60)"], { env: hoop.clientEnv() });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<{ said: string }>((resolve) => child.once("close", () => resolve({ said })));
    await until(
      "the statement runs",
      async () =>
        (await target.query("select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"))
          .rows.length === 1,
    );
    // Not the promise itself: whoever waits for this would wait for the end.
    return { ended };
  }

  test("taken out of the group that a rule is for", async () => {
    const { ended } = await sleeper();
    await scim("PATCH", `/Groups/${engineers.id}`, patchOp({ op: "remove", path: `members[value eq "${ada.id}"]` }));
    const { said } = await ended;
    expect(said).toMatch(/FATAL:.*access to pg was withdrawn/);
    await scim("PATCH", `/Groups/${engineers.id}`, patchOp({ op: "Add", path: "members", value: [{ value: ada.id }] }));
  });

  test("deactivated", async () => {
    const { ended } = await sleeper();
    await scim("PATCH", `/Users/${ada.id}`, patchOp({ op: "Replace", path: "active", value: "False" }));
    expect((await ended).said).toMatch(/FATAL:.*ada was disabled or removed/);
    await expect(hoop.hoop("engineer", ["whoami"])).rejects.toThrow(/disabled|over|ended/);
    // Nobody here and no password brings them back.
    await expect(hoop.hoop("admin", ["users", "enable", "ada"])).rejects.toThrow(/okta has switched this user off/);
    await expect(hoop.logIn()).rejects.toThrow();
  });

  test("the audit says who did it", async () => {
    const report = await hoop.verifyAudit();
    expect(
      ["directory okta", "directory.user.changed", "directory.group.changed"].filter((word) => !report.includes(word)),
    ).toEqual([]);
  });

  test("roles by the command line: a delegated admin sees and leads their own connections", async () => {
    await hoop.hoop("admin", [
      "roles",
      "set",
      "lead",
      "--permission",
      "connections.read",
      "--permission",
      "connections.write",
    ]);
    await hoop.hoop("admin", ["groups", "add", "payments-leads"]);
    await hoop.hoop("admin", ["roles", "grant", "lead", "--group", "payments-leads", "--on", "team=payments"]);
    expect(await hoop.hoop("admin", ["roles", "ls"])).toMatch(/lead +group payments-leads +team=payments/);
    expect(await hoop.hoop("admin", ["roles", "show", "lead"])).toContain("connections.write");
    expect(await hoop.hoop("admin", ["groups", "ls"])).toMatch(/payments-leads +0 +here +lead on team=payments/);
    await expect(
      hoop.hoop("admin", ["roles", "grant", "admin", "--group", "payments-leads", "--on", "team=payments"]),
    ).rejects.toThrow(/cannot be limited to labels/);
    await expect(hoop.hoop("admin", ["roles", "revoke", "lead", "--group", "payments-leads"])).rejects.toThrow(
      /--on team=payments/,
    );
    await hoop.hoop("admin", ["roles", "revoke", "lead", "--group", "payments-leads", "--on", "team=payments"]);
    await expect(hoop.hoop("admin", ["roles", "revoke", "admin", "--group", "admins"])).rejects.toThrow(/no admin/);
  });
});
