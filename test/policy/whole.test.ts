import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const execute = promisify(execFile);

const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec: { who: { group: [engineers, admins] }, where: everywhere, effects: [read, write, define, execute] }
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-updates }
spec: { mode: shadow, when: { relations: { any: orders, access: write } }, action: deny, reason: orders are closed }
---
apiVersion: hoop/v1
kind: test
metadata: { name: reads-are-free }
spec:
  given: { groups: [engineers], connection: pg, sql: select note from orders, schema: { orders: [id, note] } }
  expect: allow
`;

const folder = mkdtempSync(join(tmpdir(), "hoop-policy-"));
let target: PostgresServer;
let hoop: RunningHoop;

beforeAll(async () => {
  target = await startPostgres({
    sql: "create table orders (id int primary key, note text); insert into orders values (1, 'a')",
  });
  hoop = await startHoop({ target, policy });
});
afterAll(async () => {
  await hoop?.stop();
  await target?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function psql(sql: string): Promise<string> {
  return execute("psql", ["-X", "-At", "-c", sql], { env: hoop.clientEnv() }).then(
    ({ stdout }) => stdout.trim(),
    (error: { stderr?: string }) => error.stderr ?? String(error),
  );
}

const json = async <T>(...args: string[]): Promise<T> => JSON.parse(await hoop.hoop("admin", [...args, "--json"])) as T;

describe("policy from the command line", () => {
  it("watches with a shadow rule, reports its hits, simulates, and enforces it in one step", async () => {
    expect(await psql("update orders set note = 'secret-b' ")).toBe("UPDATE 1");
    expect(await psql("select note from orders")).toBe("secret-b");

    const shadows = await json<{ items: { rule: string; hits: object[] }[]; watching: string[] }>("policy", "shadows");
    expect(shadows.watching).toEqual(["no-updates"]);
    expect(shadows.items).toMatchObject([
      { rule: "no-updates", count: 1, hits: [{ subject: "ada", connection: "pg", outcome: "deny", count: 1 }] },
    ]);
    expect(JSON.stringify(shadows)).not.toContain("secret-b");

    const enforced = file("enforced.yaml", policy.replace("mode: shadow", "mode: enforce"));
    const simulated = await json<{ totals: object; changes: object[]; groups: object }>(
      ...["policy", "simulate", "-f", enforced, "--last", "1h"],
    );
    expect(simulated.totals).toEqual({ "allow → deny": 1 });
    expect(simulated.changes).toMatchObject([{ subject: "ada", before: "allow", after: "deny", count: 1 }]);
    expect(simulated.groups).toMatchObject({ today: 0 });
    expect(await psql("update orders set note = 'c' ")).toBe("UPDATE 1");

    await hoop.hoop("admin", ["policy", "enforce", "no-updates", "--yes"]);
    const refused = 'guard "no-updates" refuses this: orders are closed';
    await expect.poll(() => psql("update orders set note = note")).toContain(refused);
    expect(await psql("update orders set note = 'd' ")).toContain(refused);
    expect(await psql("select note from orders")).toBe("c");
  });

  it("refuses policy that fails its tests, names what does not exist, or cannot be read, and keeps the old one", async () => {
    const before = await json<{ revision: number }>("policy", "show");
    const bad = async (name: string, text: string) =>
      hoop.hoop("admin", ["apply", "-f", file(name, text), "--yes"]).then(
        () => "applied",
        (error: Error) => error.message,
      );
    const failing = policy.replace("expect: allow", "expect: deny");
    expect(await bad("failing.yaml", failing)).toMatch(
      /failing\.yaml, document 3 \(line \d+\), test "reads-are-free": expected deny, got allow/,
    );
    const unknown = `
apiVersion: hoop/v1
kind: mask
metadata: { name: m }
spec: { columns: [public.orders.not], mask: { method: redact } }
`;
    expect(await bad("unknown.yaml", unknown)).toContain(
      'unknown.yaml, document 1 (line 5), mask "m", spec.columns[0]: "public.orders.not" names a column',
    );
    expect(await bad("word.yaml", unknown.replace("redact", "redackt"))).toContain('did you mean "redact"?');
    expect((await json<{ revision: number }>("policy", "show")).revision).toBe(before.revision);
  });

  it("lets everybody ask what they may do, and auditors ask about others", async () => {
    const own = await hoop.hoop("engineer", ["policy", "explain", "--connection", "pg"]);
    expect(own).toContain("ada may open pg");
    expect(own).toContain("[everything]");
    const others = hoop.hoop("engineer", ["policy", "explain", "--connection", "pg", "--subject", "admin"]);
    await expect(others).rejects.toThrow("you may not do that for others: it needs policy.read");
    expect(await hoop.hoop("admin", ["policy", "explain", "--connection", "pg", "--subject", "ada"])).toContain(
      "ada may open pg",
    );
    const nowhere = hoop.hoop("engineer", ["policy", "explain", "--connection", "nowhere"]);
    await expect(nowhere).rejects.toThrow("nowhere");
  });

  it("shows the grid, and warns of a rule that a connection cannot honour", async () => {
    expect(await hoop.hoop("admin", ["policy", "grid"])).toMatch(/noWhere +enforced/);
    await hoop.hoop("admin", [
      ...["connections", "add", "raw", "--protocol", "tcp"],
      ...["--host", "127.0.0.1", "--port", "9"],
    ]);
    const guard = `
apiVersion: hoop/v1
kind: guard
metadata: { name: where }
spec: { when: { noWhere: any }, action: deny }
`;
    const plan = await json<{ warnings: string[] }>("apply", "-f", file("guard.yaml", guard), "--plan");
    expect(plan.warnings.join()).toContain("opening raw will be refused to whom it concerns");
  });
});
