import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

let target: PostgresServer;
let hoop: RunningHoop;

beforeAll(async () => {
  target = await startPostgres({ version: 15 });
  hoop = await startHoop({ target });
});

afterAll(async () => {
  await hoop?.stop();
  await target?.stop();
});

/** Niceness of each thread of a process, the main one first. */
const niceness = (pid: number): readonly number[] =>
  [String(pid), ...readdirSync(`/proc/${pid}/task`).filter((id) => id !== String(pid))].map((id) =>
    Number(readFileSync(`/proc/${pid}/task/${id}/stat`, "utf8").split(") ")[1]!.split(" ")[16]),
  );

describe("the thread that feeds the store", () => {
  it("brings what is recorded to the store and gives way to statements", async () => {
    const rows = execFileSync("psql", ["-AtX", "-c", "select count(*) from generate_series(1, 3)"], {
      env: hoop.clientEnv(),
      encoding: "utf8",
    });
    expect(rows.trim()).toBe("3");
    // The list comes from the store.
    const [session] = JSON.parse(await hoop.hoop("admin", ["sessions", "ls", "--json"])) as { id: string }[];
    expect(await hoop.hoop("admin", ["sessions", "show", session!.id])).toContain("generate_series");
    const [main, ...others] = niceness(hoop.gateway.pid);
    expect(others.filter((nice) => nice > main!)).toHaveLength(1);
  });
});
