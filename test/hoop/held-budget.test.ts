import { spawn } from "node:child_process";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Reviewer, reviewer } from "../support/reviewer.js";

const held = (name: string, table: string, more: Record<string, unknown>): string => `---
apiVersion: hoop/v1
kind: budget
metadata: { name: ${name} }
spec: ${JSON.stringify({
  when: { relations: { any: `public.${table}` } },
  action: "hold",
  hold: { approvals: { count: 1, groups: ["admins"] }, expires: "5m" },
  ...more,
})}
`;

const policy = [
  allowAll,
  held("three-asks", "asked", { measure: "statements", limit: 3, per: "hour" }),
  held("ten-rows", "listed", { measure: "rows", limit: 10, per: "session" }),
].join("");

/** Everything a psql was told, and how it ended. */
interface Psql {
  readonly out: () => string;
  readonly err: () => string;
  readonly closed: Promise<number | null>;
}

describe("a budget that holds, through the whole of Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let people: Reviewer;
  let known: string[] = [];
  beforeAll(async () => {
    target = await startPostgres({
      version: 15,
      sql: ["asked", "listed"]
        .map((name) => `create table ${name} as select n as id from generate_series(1, 1000) n`)
        .join(";"),
    });
    hoop = await startHoop({ target, policy });
    people = reviewer(hoop);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });
  beforeEach(async () => {
    known = (await people.list()).map(({ id }) => id);
  });

  function psql(...commands: string[]): Psql {
    const child = spawn("psql", ["-X", "-At", ...commands.flatMap((one) => ["-c", one])], {
      env: { ...hoop.clientEnv(), PATH: process.env.PATH },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk));
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    return { out: () => out, err: () => err, closed };
  }

  const used = async (rule: string): Promise<unknown> =>
    (JSON.parse(await hoop.hoop("admin", ["policy", "budgets", "--rule", rule, "--json"])) as { items: unknown[] })
      .items;

  it("lets as many statements through as it says, holds the next one, and approval lets that one go on", async () => {
    const ask = "select id from asked order by id limit 1";
    const client = psql(ask, ask, ask, ask, "select 'lives'");
    const id = await people.next("pending", known);
    known.push(id);
    await until("the notice", () => client.err().includes(`/reviews/${id}`));
    expect(client.err()).toContain('held by rule "three-asks"');
    // What is used up is told, and nothing of the fourth has come.
    expect(JSON.stringify(await people.whole(id))).toContain("3 are used up");
    await until("the first three", () => client.out().length >= 6);
    expect(client.out()).toBe("1\n1\n1\n");
    await people.decide(id, "approve");
    expect(await client.closed).toBe(0);
    expect(client.out()).toBe("1\n1\n1\n1\nlives\n");
    expect(await people.state(id)).toBe("used");
    expect(await used("three-asks")).toMatchObject([{ used: 4, limit: 3, action: "hold" }]);
  });

  it("holds each one past the limit by itself: one approval is not a way around it, a denial is in words", async () => {
    const client = psql("select id from asked where id = 7", "select 'lives'");
    const id = await people.next("pending", known);
    known.push(id);
    await people.decide(id, "deny", "enough for today");
    expect(await client.closed).toBe(0);
    expect(client.err()).toContain(`admin denied review ${id}: enough for today`);
    expect(client.out()).toBe("lives\n");
    // Refused is not used.
    expect(await used("three-asks")).toMatchObject([{ used: 4, limit: 3 }]);
  });

  it("stops a result that passes the limit, then holds what comes after, and what was approved is not cut off", async () => {
    const client = psql("select id from listed", "select id from listed order by id limit 50", "select 'lives'");
    const id = await people.next("pending", known);
    await until("the notice", () => client.err().includes(`/reviews/${id}`));
    expect(client.err()).toContain('budget "ten-rows" allows 10 rows in this session');
    await people.decide(id, "approve");
    expect(await client.closed).toBe(0);
    const lines = client.out().trim().split("\n");
    // Of the first one no more than the limit.
    expect(lines.length - 51).toBeLessThanOrEqual(10);
    expect(lines.slice(-51)).toEqual([...Array.from({ length: 50 }, (_, n) => String(n + 1)), "lives"]);
  });
});
