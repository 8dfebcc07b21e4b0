import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createConnections } from "../connections/index.js";
import type { Connection } from "../vocabulary/index.js";
import { createLog } from "./log.js";
import { protocols } from "./protocols.js";
import { startSamples } from "./samples.js";

const folder = mkdtempSync(join(tmpdir(), "hoop-samples-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const key = createSecretKey(randomBytes(32));

/** Connections in memory, one of them maybe there already. */
async function started(settings: object, { revision = 0, there = [] as Connection[] } = {}) {
  const stored = [...there];
  const secrets = new Map<string, string>();
  const connections = await createConnections({
    store: {
      list: async () => stored,
      get: async (id) => stored.find((one) => one.id === id) ?? null,
      createdAt: async () => new Map(),
      create: async (connection) => void stored.push(connection),
      replace: async () => false,
      remove: async () => false,
      touch: async () => {},
      watch: () => () => {},
    },
    protocols: new Map(protocols.map((protocol) => [protocol.name as string, protocol])),
    secrets: { put: async (id, secret) => void secrets.set(id, secret), delete: async () => {} },
    log: createLog("silent"),
  });
  const samples = await startSamples({
    config: { HOOP_STATE_DIR: folder, HOOP_SAMPLES: "auto", DATABASE_URL: undefined, ...settings },
    vault: { purposeKey: async () => key },
    connections,
    policyStore: { read: async () => ({ revision, documents: [] }) as never },
    log: createLog("silent"),
  });
  return { samples, stored, names: stored.map(({ name }) => name).sort(), secrets };
}

const all = ["pg-demo", "site-demo", "web-demo"];

describe("the samples of a gateway", () => {
  it("are made on an empty store, and not where the store is somebody's own", async () => {
    const first = await started({});
    expect([first.names, first.samples.made]).toEqual([all, true]);
    expect((await started({ DATABASE_URL: "postgres://x" })).names).toEqual([]);
    expect((await started({ DATABASE_URL: "postgres://x", HOOP_SAMPLES: "on" })).names).toEqual(all);
    expect((await started({ HOOP_SAMPLES: "off" })).names).toEqual([]);
  });

  it("are not made again, nor at an upgrade", async () => {
    const second = await started({}, { revision: 1 });
    expect([second.names, second.samples.made]).toEqual([[], false]);
    expect((await started({ HOOP_SAMPLES: "on" }, { revision: 1 })).names).toEqual([]);
  });

  it("are finished after a start that was cut off, with the secrets that it gave", async () => {
    const first = await started({});
    const [pg] = first.stored.filter(({ name }) => name === "pg-demo");
    const second = await started({}, { there: [pg!] });
    expect(second.names).toEqual(all);
    const secretOf = (of: typeof first, name: string) => of.secrets.get(of.stored.find((one) => one.name === name)!.id);
    expect(secretOf(second, "web-demo")).toBe(secretOf(first, "web-demo"));
    expect(new Set(first.secrets.values()).size).toBe(3);
  });

  it("leave every other host alone, and answer for their own even when switched off", async () => {
    const { samples, stored } = await started({ HOOP_SAMPLES: "on" });
    const off = (await started({ HOOP_SAMPLES: "off" })).samples;
    const other = { ...stored[0]!, host: "samples.hoop.example.com" };
    const unknown = { ...stored[0]!, host: "etc.SAMPLES.hoop" };
    const { signal } = new AbortController();
    expect(samples.dial(other, signal)).toBeNull();
    expect(off.dial(other, signal)).toBeNull();
    await expect(samples.dial(unknown, signal)).rejects.toMatchObject({ code: "not-found" });
    await expect(off.dial(unknown, signal)).rejects.toMatchObject({ code: "precondition-failed" });
  });
});
