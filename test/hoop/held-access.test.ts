import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Secret, TOTP } from "otpauth";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPython, python, runClient, script, until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Reviewer, reviewer } from "../support/reviewer.js";
import { asyncpgEnters } from "./scripts/held.js";

const held = `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: door }
spec: { on: access, action: hold, hold: { approvals: { groups: [admins] }, expires: 5m } }
`;
const challenged = (name: string, on: string, when = "", fresh = "5m"): string => `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: ${name} }
spec: { on: ${on}, ${when}action: challenge, challenge: { fresh: ${fresh}, expires: 5m } }
`;

describe("an access that waits for people", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let people: Reviewer;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: "create table t (a int)" });
    hoop = await startHoop({ target, policy: held });
    people = reviewer(hoop);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  const apply = async (text: string): Promise<void> => {
    const { writeFileSync } = await import("node:fs");
    const file = join(hoop.folder, "changed.yaml");
    writeFileSync(file, text);
    await hoop.hoop("admin", ["apply", "-f", file, "--prune", "--yes"]);
    // A gateway follows a moment later.
    const names = [...text.matchAll(/name: ([a-z-]+)/g)].map(([, name]) => name!).sort();
    await until("the rules are in force", async () => {
      const { items } = JSON.parse(await hoop.hoop("admin", ["policy", "explain", "--json"])) as {
        items: readonly { rule: string }[];
      };
      return [...new Set(items.map(({ rule }) => rule))].sort().join() === names.join();
    });
  };
  const known: string[] = [];
  const pending = async (): Promise<string> => {
    const id = await people.next("pending", known);
    known.push(id);
    return id;
  };
  const psql = (env: Readonly<Record<string, string>> = {}, ...args: string[]) =>
    runClient("psql", ["-X", "-At", "-c", "select 'in'", ...args], {
      env: hoop.clientEnv({ PGCONNECT_TIMEOUT: "0", ...env }),
    });

  it("psql waits in its login, is told where, and is let in or out", async () => {
    for (const sslmode of ["disable", "require"]) {
      const running = psql({ PGSSLMODE: sslmode });
      const id = await pending();
      expect(
        (
          await target.query(
            "select 1 from pg_stat_activity where usename = 'postgres' and backend_type = 'client backend' and pid <> pg_backend_pid() and application_name = 'psql'",
          )
        ).rows,
      ).toEqual([]);
      await people.decide(id, "approve");
      const done = await running;
      expect(done.stdout).toBe("in\n");
      expect(done.stderr).toMatch(new RegExp(`NOTICE: {2}hoop: held by rule "door": .*/reviews/${id} `));
    }
    const denied = psql();
    await people.decide(await pending(), "deny", "not you");
    expect(await denied).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/FATAL: {2}hoop: admin denied review .*: not you/),
    });
  });

  it("a client that gives up withdraws", async () => {
    const running = psql({ PGCONNECT_TIMEOUT: "8" });
    const id = await pending();
    expect((await running).code).toBe(2);
    await until("it is withdrawn", async () => (await people.state(id)) === "withdrawn");
  });

  it.runIf(hasPython("asyncpg"))(
    "asyncpg and node-postgres wait as well; who is in stays in when rules are read anew",
    async () => {
      const path = script(hoop.folder, "enter.py", asyncpgEnters);
      const running = runClient(python, [path], { env: hoop.clientEnv() });
      await people.decide(await pending(), "approve");
      const done = await running;
      expect(`${done.stderr}${done.stdout}`).toMatch(/in\n$/);

      const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
      client.on("error", () => {});
      const entered = client.connect();
      await people.decide(await pending(), "approve");
      await entered;
      await apply(`${held}---
apiVersion: hoop/v1
kind: guard
metadata: { name: another }
spec: { when: { effects: { any: [admin] } }, action: deny }
`);
      expect((await client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
      await client.end();
      await apply(held);
    },
  );

  it("settings that a session starts with are refused, held and allowed as the same SET", async () => {
    const asTenant = () =>
      psql({ PGOPTIONS: "-c app.tenant=7" }, "-c", "reset all", "-c", "select current_setting('app.tenant')");
    const seniors = (action: string): string => `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: seniors }
spec: { on: statements, when: { effects: { any: [admin] } }, ${action} }
`;
    await apply(seniors("action: deny"));
    expect(await asTenant()).toMatchObject({ code: 2, stderr: expect.stringMatching(/FATAL: {2}hoop: .*seniors/s) });
    await apply(seniors("action: hold, hold: { approvals: { groups: [admins] }, expires: 5m }"));
    for (const door of ["shut", "open"]) {
      const running = asTenant();
      const id = await pending();
      await people.decide(id, door === "open" ? "approve" : "deny");
      const done = await running;
      expect(done.stderr).toContain(`/reviews/${id}`);
      if (door === "open") expect(done).toMatchObject({ code: 0, stdout: "in\nRESET\n7\n" });
      else
        expect(done).toMatchObject({ code: 2, stderr: expect.stringMatching(/FATAL: {2}hoop: admin denied review/) });
    }
    await apply(held);
    // The access first, then what the session starts with, all in one login.
    await apply(`${held}---${seniors("action: deny").split("---")[1]}`);
    const running = asTenant();
    await people.decide(await pending(), "approve");
    expect(await running).toMatchObject({ code: 2, stderr: expect.stringMatching(/FATAL: {2}hoop: .*seniors/s) });
    await apply(held);
  });

  describe("a second factor", () => {
    let secret: Secret;
    let code = -1;
    const call = async (method: string, path: string, body: unknown): Promise<Record<string, unknown>> => {
      const profile = readFileSync(join(hoop.folder, "engineer", "logins.json"), "utf8");
      const token = /"accessToken":\s*"([^"]+)"/.exec(profile)?.[1];
      const answer = await fetch(`${hoop.http}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return JSON.parse(text) as Record<string, unknown>;
    };
    /** A code that was not used yet: each one counts once. */
    const next = async (): Promise<string> => {
      // Not near the end of a step: by the time that it is looked at the first code would be too old.
      const left = 30_000 - (Date.now() % 30_000);
      if (left < 8_000) await sleep(left + 50);
      return TOTP.generate({ secret, timestamp: Date.now() + 30_000 * code++ });
    };

    it("is asked for at a statement, once for as long as the rule says", async () => {
      await apply(challenged("fresh", "statements", "when: { effects: { any: [write] } }, "));
      const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
      const notices: string[] = [];
      client.on("notice", ({ message }) => notices.push(message ?? ""));
      await client.connect();
      // Who has none is told what to do.
      await expect(client.query("insert into t values (1)")).rejects.toMatchObject({
        message: expect.stringContaining("this needs your second factor, and"),
      });
      const offer = await call("POST", "/me/factors/totp", undefined);
      secret = Secret.fromBase32(String(offer.secret));
      await call("POST", `/me/factors/totp/${String(offer.id)}`, { code: await next() });

      const end = client.query("insert into t values (1)");
      await until("the notice", () => notices.length > 0);
      expect(notices[0]).toMatch(/rule "fresh" asks for your second factor: run "hoop mfa [^"]+" or answer at http/);
      const challenge = /hoop mfa ([^"]+)"/.exec(notices[0]!)![1]!;
      await call("POST", "/me/step-up", { challenge, answer: { code: await next() } });
      expect((await end).rowCount).toBe(1);
      expect((await client.query("insert into t values (2)")).rowCount).toBe(1);
      await client.end();
    });

    it("is asked for at the door", async () => {
      // Answered a moment ago: nobody is asked.
      await apply(challenged("fresh-door", "access"));
      expect((await psql()).stdout).toBe("in\n");
      // Longer ago than the rule wants it.
      await apply(challenged("fresher-door", "access", "", "1s"));
      await sleep(1_100);
      const child = spawn("psql", ["-X", "-At", "-c", "select 'in'"], {
        env: { ...hoop.clientEnv({ PGCONNECT_TIMEOUT: "0" }), PATH: process.env.PATH },
      });
      let [out, err] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk;
      });
      child.stderr.on("data", (chunk: Buffer) => {
        err += chunk;
      });
      const closed = new Promise((resolve) => child.once("close", resolve));
      const [, challenge] = await until("the notice", () => /hoop mfa ([^"]+)"/.exec(err));
      expect(out).toBe("");
      await call("POST", "/me/step-up", { challenge, answer: { code: await next() } });
      await closed;
      expect(out).toBe("in\n");
    });
  });
});
