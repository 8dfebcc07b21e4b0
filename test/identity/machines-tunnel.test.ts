import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TunnelStatus } from "../../src/client/tunnel/status.js";
import { type Child, startChild } from "../../src/demo/child.js";
import { runClient } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { Issuer } from "./issuer.js";

const cli = new URL("../../dist/cli.js", import.meta.url).pathname;

/** The tunnel as a pipeline runs it: no login, no terminal. */
describe("a tunnel of a machine", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let issuer: Issuer;
  const running: Child[] = [];
  beforeAll(async () => {
    [target, issuer] = await Promise.all([startPostgres({ version: 15 }), Issuer.start()]);
    hoop = await startHoop({ target, agent: false });
    await hoop.hoop("admin", ["service-accounts", "add", "deploy", "--group", "engineers"]);
  });
  afterAll(async () => {
    for (const child of running) await child.stop();
    await hoop?.stop();
    await Promise.all([target?.stop(), issuer?.stop()]);
  });

  async function tunnel(name: string, more: Readonly<Record<string, string>>): Promise<NodeJS.ProcessEnv> {
    const home = join(hoop.folder, name);
    mkdirSync(home, { mode: 0o700 });
    const env = { PATH: process.env["PATH"] ?? "", HOOP_HOME: home, HOOP_GATEWAY: hoop.http, ...more };
    const range = `127.${80 + running.length}.0.0/16`;
    const { child, ready } = await startChild<TunnelStatus>(
      [cli, "tunnel", "up", "--json", "--names", "none", "--range", range],
      {
        env,
        readyMs: 90_000,
        isReady: (line) => line["event"] === "ready",
      },
    );
    running.push(child);
    expect(ready.subject).toBe("deploy");
    const place = ready.connections.find((one) => one.name === "pg")!;
    return hoop.clientEnv({ PGHOST: place.address, PGPORT: String(place.port) });
  }

  it("comes up with a key from a file, and ends with it", async () => {
    const key = join(hoop.folder, "key");
    writeFileSync(key, await hoop.hoop("admin", ["service-accounts", "key", "deploy", "ci", "--connections", "p*"]), {
      mode: 0o600,
    });
    const env = await tunnel("ci", { HOOP_KEY_FILE: key });
    const done = await runClient("psql", ["-X", "-At", "-c", "select 'in'"], { env });
    expect([done.stdout, done.stderr]).toEqual(["in\n", ""]);
    await hoop.hoop("admin", ["service-accounts", "revoke", "deploy", "ci"]);
    const after = await runClient("psql", ["-X", "-At", "-c", "select 'in'"], { env });
    expect(after.stderr).toMatch(/revoked/);
  });

  it("comes up with workload tokens from a file", async () => {
    await hoop.hoop("admin", [
      ...[
        "federation",
        "trust",
        "kube",
        "--account",
        "deploy",
        "--issuer",
        issuer.url,
        "--audience",
        "https://hoop.example.com",
      ],
      ...["--claim", "repository=octo-org/octo-repo", "--reusable", "--read-only"],
    ]);
    const file = join(hoop.folder, "workload");
    writeFileSync(file, issuer.token(), { mode: 0o600 });
    const env = await tunnel("kube", { HOOP_WORKLOAD: `file:${file}` });
    expect((await runClient("psql", ["-X", "-At", "-c", "select 'in'"], { env })).stdout).toBe("in\n");
    expect((await runClient("psql", ["-X", "-At", "-c", "create table t (a int)"], { env })).stderr).toMatch(
      /for reading only/,
    );
  });
});
