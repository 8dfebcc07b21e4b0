import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runClient } from "../support/clients.js";
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
}, 120_000);
afterAll(async () => {
  await hoop?.stop();
  await postgres?.stop();
});

const psql = (sql: string) => runClient("psql", ["-X", "-At", "-c", sql], { env: hoop.clientEnv() });

async function until<T>(look: () => T | null | false): Promise<T> {
  // Longer than the lease of a gateway that was killed, which is 10 s.
  for (let tries = 0; tries < 300; tries++) {
    const found = look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it does not happen");
}

test("entries of a session reach a file as they stand in the chain, sealed as they are, and go on after a crash", async () => {
  await hoop.hoop("admin", [
    "exporters",
    "add",
    "disk",
    "--to",
    "file:hoop.jsonl",
    "--source",
    "events",
    "--source",
    "entries",
  ]);
  await hoop.hoop("admin", ["exporters", "test", "disk"]);
  const file = join(hoop.folder, "gateway/exports/hoop.jsonl");
  await psql("select 'a literal that is sealed'");
  type Line = { source: string; id: string; hash?: string; entry?: { kind: string; connection?: string } };
  const lines = (): Line[] =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Line)
      : [];
  await until(() => lines().some(({ entry }) => entry?.kind === "statement"));
  expect(readFileSync(file, "utf8")).not.toContain("a literal that is sealed");
  await hoop.gateway.kill();
  await hoop.gateway.start();
  await until(() => lines().some(({ entry }) => entry?.kind === "session-closed") || lines().length > 5);
  await psql("select 2");
  const statements = await until(() => {
    const found = lines().filter(({ entry }) => entry?.kind === "statement");
    return found.length >= 2 && found;
  });
  expect(new Set(statements.map(({ id }) => id)).size).toBe(statements.length);
  expect(lines().some(({ source }) => source === "events")).toBe(true);
  const status = await hoop.hoop("admin", ["exporters", "status", "disk"]);
  expect(status).toContain("delivers");
  await expect(hoop.hoop("engineer", ["exporters", "ls"])).rejects.toThrow("exited with 4");
  await expect(hoop.hoop("admin", ["exporters", "add", "evil", "--to", "http://169.254.169.254/x"])).rejects.toThrow(
    "metadata",
  );
  await hoop.hoop("admin", ["exporters", "rm", "disk", "--yes"]);
}, 120_000);

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
