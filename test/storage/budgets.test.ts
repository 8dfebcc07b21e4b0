import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BucketUse } from "../../src/budgets/index.js";
import { createBudgetStore } from "../../src/storage/budgets.js";
import { removeEmbeddedPostgres } from "../../src/storage/embedded/remove.js";
import { openStore } from "../../src/storage/open-store.js";
import type { Store } from "../../src/storage/store.js";
import { keptLog, temporaryFolder } from "./support.js";

let store: Store;
let dataDir: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  const temporary = await temporaryFolder();
  await chmod(temporary.path, 0o755);
  dataDir = join(temporary.path, "store");
  remove = temporary.remove;
  store = await openStore(
    { databaseUrl: null, dataDir, poolSize: 8, statementTimeoutMs: 10_000 },
    { log: keptLog(), signal: new AbortController().signal },
  );
});
afterAll(async () => {
  await store.close();
  await removeEmbeddedPostgres(dataDir);
  await remove();
});

const use = (owner: string, used: number, bucket = 7): BucketUse => ({
  rule: "exports",
  measure: "rows",
  owner,
  span: "hour",
  bucket,
  used,
});

test("adds of many replicas at once add up, and each hears the sum", async () => {
  const budgets = createBudgetStore(store);
  await budgets.prune("hour", 10);
  const sums = await Promise.all(
    Array.from({ length: 40 }, () => budgets.add({ counts: [use("ada", 2), use("bo", 1)], subjects: [] })),
  );
  expect(Math.max(...sums.map((sum) => sum.find(({ owner }) => owner === "ada")!.used))).toBe(80);
  const { counts } = await budgets.changed(null);
  expect(counts).toContainEqual(use("ada", 80));
  expect(counts).toContainEqual(use("bo", 40));
});

test("what changed since a mark is told, each person once, and what is old is forgotten", async () => {
  const budgets = createBudgetStore(store);
  await budgets.prune("hour", 10);
  await budgets.prune("day", 4);
  const { mark } = await budgets.changed(null);
  const about = { rule: "people", measure: "subjects" as const, owner: "ada", span: "day" as const, bucket: 3 };
  await budgets.add({ counts: [use("cy", 5, 9)], subjects: [{ ...about, subject: "aa" }] });
  await budgets.add({
    counts: [],
    subjects: [
      { ...about, subject: "aa" },
      { ...about, subject: "bb" },
    ],
  });
  const changed = await budgets.changed(mark);
  expect(changed.counts).toContainEqual(use("cy", 5, 9));
  expect(changed.subjects.map(({ subject }) => subject).toSorted()).toEqual(["aa", "bb"]);
  await budgets.prune("hour", 9);
  await budgets.prune("day", 4);
  const left = await budgets.changed(null);
  expect(left.counts).toEqual([use("cy", 5, 9)]);
  expect(left.subjects).toEqual([]);
});
