import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyDocuments } from "../../src/policy/apply-documents.js";
import { defaultDocuments } from "../../src/policy/defaults.js";
import { parseDocuments } from "../../src/policy/parse-documents.js";
import { seedPolicy } from "../../src/policy/seed.js";
import { createPolicySource } from "../../src/policy/source.js";
import type { PolicyStore } from "../../src/policy/store.js";
import { migrate } from "../../src/storage/migrate.js";
import { migrations } from "../../src/storage/migrations/index.js";
import { policyMigrations } from "../../src/storage/migrations/policy.js";
import { openStore } from "../../src/storage/open-store.js";
import { createPolicyStore } from "../../src/storage/policy.js";
import type { Store } from "../../src/storage/store.js";
import { subjectId } from "../../src/vocabulary/index.js";
import { keptLog, temporaryFolder } from "../storage/support.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const anna = { subject: subjectId("00000000-0000-4000-8000-000000000001"), name: "anna" };

describe("policy in the store", () => {
  let server: PostgresServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const opened: Store[] = [];

  async function replica(): Promise<PolicyStore> {
    const log = keptLog();
    const { user, password, host, port, database } = server;
    const databaseUrl = `postgres://${user}:${password}@${host}:${port}/${database}`;
    const config = { databaseUrl, dataDir: folder.path, poolSize: 3, statementTimeoutMs: 10_000 };
    const store = await openStore(config, { log, signal: new AbortController().signal });
    opened.push(store);
    await migrate(store.db, { ...migrations, ...policyMigrations }, log);
    return createPolicyStore(store);
  }

  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startPostgres();
  });

  afterAll(async () => {
    for (const store of opened) await store.close();
    await server?.stop();
    await folder?.remove();
  });

  it("seeds, applies, records who changed what, and tells every replica", async () => {
    const [one, two] = [await replica(), await replica()];
    const seeded = await Promise.all([seedPolicy(one), seedPolicy(two)]);
    expect(seeded.filter(Boolean)).toHaveLength(1);
    const stored = await one.read();
    expect(stored.revision).toBe(1);
    expect(stored.documents).toHaveLength(defaultDocuments.length);

    const source = await createPolicySource({ store: two, log: { info: () => {}, error: () => {} } });
    try {
      const [night] = parseDocuments(
        "{apiVersion: hoop/v1, kind: guard, metadata: {name: night, description: 'ünïcode \"quoted\"'}, spec: {action: deny, when: {time: {hours: '22:00-06:00'}}}}",
      );
      const applied = await applyDocuments(one, [night!], { author: anna });
      expect(applied.revision).toBe(2);
      await expect.poll(() => source.current().documents).toContainEqual(night);

      const empty = await applyDocuments(one, [night!], { author: anna, prune: true });
      expect(empty.changes.filter((change) => change.action === "delete")).toHaveLength(defaultDocuments.length);
      await expect.poll(() => source.current().documents).toEqual([night]);
    } finally {
      source.close();
    }

    const history = await one.history(1000);
    expect(history).toHaveLength(defaultDocuments.length * 2 + 1);
    expect(history.at(-1)).toMatchObject({ revision: 1, by: "hoop", before: null });
    const made = history.find((entry) => entry.name === "night");
    expect(made).toMatchObject({ revision: 2, by: "anna", kind: "guard", before: null });
    expect(history[0]).toMatchObject({ revision: 3, by: "anna", after: null });
    expect(history[0]!.before).toMatchObject({ apiVersion: "hoop/v1" });
  });

  it("lets one of two writers win, and changes nothing for the other", async () => {
    const [one, two] = [await replica(), await replica()];
    const { revision } = await one.read();
    const guard = (name: string) =>
      parseDocuments(`{apiVersion: hoop/v1, kind: guard, metadata: {name: ${name}}, spec: {action: deny}}`);
    const write = (store: PolicyStore, name: string) =>
      store.write({ put: guard(name), remove: [], expected: revision, author: anna });
    const results = await Promise.allSettled([write(one, "first"), write(two, "second")]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    const rejected = results.find((result) => result.status === "rejected")!;
    expect((rejected as PromiseRejectedResult).reason).toMatchObject({ code: "conflict" });
    const names = (await one.read()).documents.map(
      (document) => (document as { metadata: { name: string } }).metadata.name,
    );
    expect(names.filter((name) => name === "first" || name === "second")).toHaveLength(1);
  });
});
