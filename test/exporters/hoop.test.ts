import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runClient, until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { freePort, type PostgresServer, startPostgres } from "../support/postgres.js";

let postgres: PostgresServer;
let hoop: RunningHoop;
let metricsPort: number;

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  metricsPort = await freePort();
  hoop = await startHoop({
    target: postgres,
    agent: false,
    gateway: { HOOP_METRICS_LISTEN: `127.0.0.1:${metricsPort}` },
  });
}, 240_000);
afterAll(async () => {
  await hoop?.stop();
  await postgres?.stop();
});

const psql = (sql: string) => runClient("psql", ["-X", "-At", "-c", sql], { env: hoop.clientEnv() });

test("entries of a session reach a file as they stand in the chain, sealed as they are, and go on after a crash", async () => {
  const name = `disk-${randomBytes(4).toString("hex")}`;
  await hoop.hoop("admin", [
    ...["exporters", "add", name, "--to", `file:${name}.jsonl`, "--source", "events", "--source", "entries"],
  ]);
  await hoop.hoop("admin", ["exporters", "test", name]);
  const file = join(hoop.folder, `gateway/exports/${name}.jsonl`);
  await psql("select 'a literal that is sealed'");
  type Line = { source: string; id: string; hash?: string; entry?: { kind: string; connection?: string } };
  /** Those that are written whole, while it writes. */
  const lines = (): Line[] =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .split("\n")
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Line)
      : [];
  await until("its statement is written", () => lines().some(({ entry }) => entry?.kind === "statement"));
  expect(readFileSync(file, "utf8")).not.toContain("a literal that is sealed");
  await hoop.gateway.kill();
  await hoop.gateway.start();
  await until("sessions open again", async () => (await psql("select 2")).code === 0);
  // Longer than the lease of a gateway that was killed, which is 10 s.
  const statements = await until("the next ones are written", () => {
    const found = lines().filter(({ entry }) => entry?.kind === "statement");
    return found.length >= 2 && found;
  });
  expect(new Set(statements.map(({ id }) => id)).size).toBe(statements.length);
  expect(lines().some(({ source }) => source === "events")).toBe(true);
  const status = await hoop.hoop("admin", ["exporters", "status", name]);
  expect(status).toContain("delivers");
  await expect(hoop.hoop("engineer", ["exporters", "ls"])).rejects.toThrow("exited with 4");
  await expect(hoop.hoop("admin", ["exporters", "add", "evil", "--to", "http://169.254.169.254/x"])).rejects.toThrow(
    "metadata",
  );
  await hoop.hoop("admin", ["exporters", "rm", name, "--yes"]);
}, 240_000);

test("a scrape tells what went by, and says no name", async () => {
  await psql("select 3");
  const scrape = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const text = await scrape();
  expect(Number(/^hoop_statements_total\{verdict="allow"\} (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
  expect(text).toMatch(/^hoop_sessions_total\{protocol="postgres",result="opened"\} [1-9]/m);
  expect(text).toMatch(/^hoop_ready 1$/m);
  expect(text).not.toMatch(/ada|select/);
  expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(200);
  expect((await fetch(`${hoop.http}/livez`)).status).toBe(200);
  expect((await fetch(`${hoop.http}/api/v1/metrics`)).status).toBe(401);
});
