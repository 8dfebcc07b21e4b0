import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const policy = `${allowAll}
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-drops }
spec:
  when: { effects: { any: [destroy] } }
  action: deny
  reason: nothing is dropped
`;

/** More than one page of what the gateway answers at once. */
const refusals = 620;

interface Shown {
  readonly id: string;
  readonly position: number;
}

describe("hoop events ls, of more events than one answer holds", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: "create table t (id int)" });
    hoop = await startHoop({ target, policy, agent: false });
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    await client.connect();
    for (let at = 0; at < refusals; at += 1) await client.query("drop table t").catch(() => {});
    await client.end();
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  const listed = async (...more: string[]): Promise<readonly Shown[]> =>
    JSON.parse(
      await hoop.hoop("admin", ["events", "ls", "--type", "statement.denied,statement.held", ...more, "--json"]),
    ) as Shown[];

  it("brings them all, each once, newest first", async () => {
    await until("every refusal is an event", async () => (await listed("--limit", "10000")).length >= refusals);
    const all = await listed("--limit", "10000");
    expect(all).toHaveLength(refusals);
    expect(new Set(all.map(({ id }) => id)).size).toBe(refusals);
    const positions = all.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => b - a));
    expect(await listed("--limit", "555")).toEqual(all.slice(0, 555));
  });

  it("goes on where a list ended", async () => {
    const all = await listed("--limit", "10000");
    expect(await listed("--limit", "7", "--before", all[4]!.id)).toEqual(all.slice(5, 12));
    expect(await listed("--limit", "600", "--before", all[9]!.id)).toEqual(all.slice(10, 610));
    expect(await listed("--before", all.at(-1)!.id)).toEqual([]);
  });

  it("says what is wrong with its options", async () => {
    await expect(listed("--limit", "0")).rejects.toThrow("--limit is a number from 1 to 10000");
    await expect(listed("--before", "nothing")).rejects.toThrow();
  });
});
