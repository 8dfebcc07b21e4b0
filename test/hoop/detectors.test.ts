import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runClient } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const policy = `${allowAll}
---
apiVersion: hoop/v1
kind: mask
metadata: { name: values }
spec:
  detect: all
  patterns: [{ name: staff, pattern: "\\\\bE-[0-9]{6}\\\\b" }]
  mask: { method: partial }
  exempt: { who: { group: engineers }, purpose: chargeback }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: tokens }
spec:
  columns: customer
  mask: { method: tokenize, purpose: analytics }
`;

describe("rules on values, through the whole of Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;

  beforeAll(async () => {
    target = await startPostgres({
      sql: `create table notes (customer int, note text, doc jsonb);
        insert into notes values (4711, 'by E-123456: write to jane@example.com', '{"card": "4111 1111 1111 1111"}');
        create table orders (customer bigint, amount int);
        insert into orders values (4711, 5), (4712, 6)`,
    });
    hoop = await startHoop({ target, policy });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  const psql = async (sql: string, more: Record<string, string> = {}) => {
    const { stdout, stderr, code } = await runClient("psql", ["-X", "-A", "-t", "-c", sql], {
      env: hoop.clientEnv(more),
    });
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };

  it("masks what is found, in a table that no column rule names", async () => {
    expect(await psql("select note, doc from notes")).toBe('by E***6: write to j***@e***.com|{"card": "***1111"}');
  });

  it("shows it for a purpose that is stated, and records the purpose and what was found", async () => {
    const PGOPTIONS = "-c hoop.purpose=Chargeback";
    expect(await psql("select note from notes", { PGOPTIONS })).toBe("by E-123456: write to jane@example.com");
    expect(await psql("select note from notes", { PGOPTIONS: "-c hoop.purpose=fun" })).toContain("j***@e***.com");
    expect(await psql("select current_setting('hoop.purpose', true) is null", { PGOPTIONS })).toBe("t");
    const file = join(hoop.folder, "audit.jsonl");
    await hoop.hoop("admin", ["audit", "export", "--output", file]);
    const audit = readFileSync(file, "utf8");
    expect(audit).toMatch(/\\?"purpose\\?":\\?"chargeback/);
    expect(audit).toMatch(
      /\\?"detected\\?":\{\\?"staff\\?":1,\\?"email\\?":1|\\?"detected\\?":\{\\?"email\\?":1,\\?"staff\\?":1/,
    );
    expect(audit).not.toContain("jane@example.com");
  });

  it("gives tokens that join, over tables and types, in every session", async () => {
    const token = await psql("select customer from notes");
    expect(token).toMatch(/^[0-9]+$/);
    expect(token).not.toBe("4711");
    const orders = (await psql("select customer, amount from orders order by amount")).split("\n");
    expect(orders[0]).toBe(`${token}|5`);
    expect(orders[1]).not.toContain(token);
  });
});
