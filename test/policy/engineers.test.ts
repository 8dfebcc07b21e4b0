import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const execute = promisify(execFile);
const cli = new URL("../../dist/cli.js", import.meta.url).pathname;

/** Each word here is of somebody else, and none of Ada's business. */
const others = ["acquisition", "mallory", "trudy", "robots", "vault-prod", "salaries", "codename"];
const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: reads }
spec:
  who: [{ group: [engineers, acquisition] }, { subject: mallory }]
  except: { subject: trudy }
  where: { connection: [pg, vault-prod] }
  effects: [read]
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-sleeping }
spec: { except: { group: robots }, when: { functions: { any: pg_sleep } }, action: deny, reason: it helps nobody }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mails }
spec: { columns: "*.*.email", mask: { method: redact }, exempt: [{ who: { group: acquisition } }] }
---
apiVersion: hoop/v1
kind: guard
metadata: { name: codename-guard }
spec: { who: { group: acquisition }, when: { relations: { any: salaries } }, action: deny }
---
apiVersion: hoop/v1
kind: access
metadata: { name: codename-access }
spec: { who: { subject: mallory }, where: { connection: vault-prod }, effects: [read, write] }
`;

interface Answered {
  readonly status: number;
  readonly text: string;
}

describe("what an engineer who may not read rules learns of them", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let ada = "";
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: "create table orders (id int, email text)" });
    hoop = await startHoop({ target, policy });
    const password = "correct horse battery";
    for (const name of ["acquisition", "robots"]) await hoop.hoop("admin", ["groups", "add", name]);
    await hoop.hoop("admin", ["users", "add", "mallory", "--group", "acquisition", "--password-stdin"], password);
    await hoop.hoop(
      "admin",
      [
        ...[
          "connections",
          "add",
          "vault-prod",
          "--host",
          target.host,
          "--port",
          String(target.port),
          "--agent",
          "none",
        ],
        ...["--user", target.user, "--target", "database=app", "--tls", "disable", "--password-stdin"],
      ],
      target.password,
    );
    const signedIn = await call(null, "POST", "/login", { name: "ada", password: hoop.password });
    ada = (JSON.parse(signedIn.text) as { accessToken: string }).accessToken;
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  async function call(token: string | null, method: string, path: string, body?: unknown): Promise<Answered> {
    const answer = await fetch(`${hoop.http}/api/v1${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  }
  /** `hoop …` as the engineer, whatever comes of it. */
  const attempt = (...args: string[]): Promise<string> =>
    hoop.hoop("engineer", args).then(
      (text) => text,
      ({ message }: Error) => message,
    );
  const expectNothingOfOthers = (text: string): void => {
    for (const word of others) expect(text).not.toContain(word);
  };

  it("explain tells what holds for themselves, with nothing of others in it", async () => {
    const { status, text } = await call(ada, "GET", "/policy/explain/pg");
    expect(status).toBe(200);
    const told = JSON.parse(text) as { rules: { rule: string; text: string }[] };
    expect(told.rules.map(({ rule }) => rule)).toEqual(["reads", "no-sleeping", "mails"]);
    expect(told.rules[0]!.text).toBe("ada may use pg with statements that do nothing but read.");
    expect(told.rules[1]!.text).toContain("it helps nobody");
    expectNothingOfOthers(text);
    const shown = await attempt("policy", "explain", "--connection", "pg");
    expect(shown).toContain("ada may use pg with statements that do nothing but read. [reads]");
    expectNothingOfOthers(shown);
    // Who may read rules sees the whole of each, so the words above are there to be seen.
    const whole = await hoop.hoop("admin", ["policy", "explain", "--connection", "pg", "--subject", "ada", "--json"]);
    for (const word of ["acquisition", "mallory", "trudy", "robots", "vault-prod"]) expect(whole).toContain(word);
  });

  it("explain does not say whether others, or connections of others, are there", async () => {
    const of = (subject: string) => call(ada, "GET", `/policy/explain/pg?subject=${subject}`);
    const [there, none] = [await of("mallory"), await of("nobody-at-all")];
    expect([there.status, none.status]).toEqual([403, 403]);
    expect(there.text).toBe(none.text);
    const at = async (connection: string) => {
      const { status, text } = await call(ada, "GET", `/policy/explain/${connection}`);
      return { status, text: text.replaceAll(connection, "…") };
    };
    // Rules let her use both names; only what she may not use at all is as if it were not there.
    const apply = policy.replace("[pg, vault-prod]", "[pg]");
    const file = join(hoop.folder, "narrow.yaml");
    writeFileSync(file, apply);
    await hoop.hoop("admin", ["apply", "-f", file, "--prune", "--yes"]);
    const [hidden, absent] = [await at("vault-prod"), await at("absent-one")];
    expect(hidden.status).toBe(404);
    expect(hidden).toEqual(absent);
    const words = async (connection: string) =>
      (await attempt("policy", "explain", "--connection", connection)).replaceAll(connection, "…");
    expect(await words("vault-prod")).toBe(await words("absent-one"));
    await expect(
      hoop.hoop("engineer", ["policy", "explain", "--connection", "pg", "--subject", "mallory"]),
    ).rejects.toThrow(/policy\.read/);
  });

  it.each([
    ["GET", "/policy", undefined],
    ["GET", "/policy/explain", undefined],
    ["GET", "/policy/history", undefined],
    ["GET", "/policy/grid", undefined],
    ["GET", "/policy/shadows", undefined],
    ["POST", "/policy/simulate", { subject: "ada", connection: "pg", statement: "select 1" }],
    ["POST", "/policy/simulate", { subject: "mallory", connection: "vault-prod" }],
    ["POST", "/policy/simulate", { subject: { name: "x", groups: ["acquisition"] }, connection: "pg" }],
    ["POST", "/policy/replay", { text: policy, hours: 1 }],
    ["POST", "/policy/plan", { text: policy }],
    ["POST", "/policy/apply", { text: policy }],
    ["POST", "/policy/rules/codename-guard/enforce", {}],
  ] as const)("%s %s is refused before anything is looked at", async (method, path, body) => {
    const refused = await call(ada, method, path, body);
    expect(refused.status).toBe(403);
    expect(refused.text).toMatch(/policy\.(read|write)/);
    expectNothingOfOthers(refused.text.replace(/"instance":"[^"]*"/, ""));
    // The same words, whatever was asked about.
    if (path === "/policy/simulate") {
      const about = await call(ada, method, path, { subject: "nobody-at-all", connection: "absent-one" });
      expect(about).toEqual(refused);
    }
  });

  it("from the command line: simulate, shadows, show and a statement explained are refused in words", async () => {
    const file = join(hoop.folder, "mine.yaml");
    writeFileSync(file, "apiVersion: hoop/v1\nkind: guard\nmetadata: { name: mine }\nspec: { action: deny }\n");
    for (const args of [
      ["simulate", "-f", file, "--last", "1h"],
      ["shadows"],
      ["show"],
      ["explain"],
      ["explain", "select 1", "--connection", "pg"],
      ["explain", "select 1", "--connection", "pg", "--subject", "mallory"],
    ]) {
      const refused = hoop.hoop("engineer", ["policy", ...args]);
      await expect(refused, args.join(" ")).rejects.toThrow(/policy\.read/);
      expectNothingOfOthers((await attempt("policy", ...args)).replace(args.join(" "), ""));
    }
  });

  it("test asks no gateway: it knows the file that it is given, and nothing else", async () => {
    const home = join(hoop.folder, "nobody");
    mkdirSync(home, { mode: 0o700 });
    const file = join(hoop.folder, "tested.yaml");
    const given = (group: string) => `
apiVersion: hoop/v1
kind: test
metadata: { name: as-${group} }
spec: { given: { groups: [${group}], connection: pg, sql: select 1 }, expect: deny }
`;
    writeFileSync(file, [given("engineers"), given("acquisition")].join("---"));
    const run = (HOOP_HOME: string) =>
      execute(process.execPath, [cli, "policy", "test", "-f", file, "--json"], {
        env: { PATH: process.env.PATH, HOOP_HOME },
      }).then(({ stdout }) => stdout);
    // By the rules in force both would be let through: by this file, which has none, nobody is.
    const [without, signedIn] = [await run(home), await run(join(hoop.folder, "engineer"))];
    expect(JSON.parse(signedIn)).toMatchObject({ passed: 2, failed: 0 });
    expect(signedIn).toBe(without);
    expect(readFileSync(join(hoop.folder, "engineer", "logins.json"), "utf8")).toContain("accessToken");
  });

  it("budgets shows what is theirs", async () => {
    const file = join(hoop.folder, "budgets.yaml");
    const budget = (name: string, who: string) => `---
apiVersion: hoop/v1
kind: budget
metadata: { name: ${name} }
spec: { who: ${who}, measure: statements, limit: 100, per: hour, action: stop }
`;
    writeFileSync(
      file,
      policy + budget("own-budget", "{ group: engineers }") + budget("codename-budget", "{ group: acquisition }"),
    );
    await hoop.hoop("admin", ["apply", "-f", file, "--prune", "--yes"]);
    // Rules are in force a moment after they are applied.
    const shown = await until("it is counted", async () => {
      await execute("psql", ["-X", "-At", "-c", "select 1"], { env: hoop.clientEnv() });
      const text = await attempt("policy", "budgets", "--json");
      return text.includes("own-budget") && text;
    });
    expect(JSON.parse(shown)).toMatchObject({ items: [{ rule: "own-budget", owner: "ada", limit: 100 }] });
    expectNothingOfOthers(shown);
  });
});
