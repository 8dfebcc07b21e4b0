import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { subjectId } from "../vocabulary/index.js";
import type { FreshnessChanges } from "./factors/store.js";
import { createFreshness } from "./live-freshness.js";

const ada = subjectId(randomUUID());
const minute = 60_000;
const log = { warn: () => {}, error: () => {} };

async function board(first: FreshnessChanges["rows"] = []) {
  const clock = { wall: 1_000_000, monotonic: 500 };
  const tell = new Set<() => void>();
  let changes: FreshnessChanges = { version: 1, rows: first };
  let askTakesMs = 0;
  const freshness = await createFreshness({
    store: {
      freshnessSince: async (version) => {
        clock.wall += askTakesMs;
        clock.monotonic += askTakesMs;
        askTakesMs = 0;
        return version === 0 || changes.version > version ? changes : { version, rows: [] };
      },
      watchFreshness: (listener) => {
        tell.add(listener);
        return () => tell.delete(listener);
      },
    },
    log,
    clock: { wall: () => clock.wall, monotonic: () => clock.monotonic },
  });
  const change = async (rows: FreshnessChanges["rows"], slow = 0) => {
    askTakesMs = slow;
    changes = { version: changes.version + 1, rows };
    for (const listener of tell) listener();
    await freshness.settled();
  };
  return { freshness, clock, change };
}

test("an age grows with the time, also by the slower way of the answer", async () => {
  const { freshness, clock, change } = await board([{ subject: ada, connection: "pg", ageMs: minute }]);
  expect(freshness.age(ada, "pg")).toBe(minute);
  clock.wall += 5_000;
  clock.monotonic += 5_000;
  expect(freshness.age(ada, "pg")).toBe(minute + 5_000);
  await change([{ subject: ada, connection: "pg", ageMs: 100 }], 400);
  expect(freshness.age(ada, "pg")).toBe(500);
  expect(freshness.age(ada, "other")).toBeNull();
  expect(freshness.age(ada, null)).toBeNull();
});

test("a clock that is set back, or a machine that slept, makes nothing younger", async () => {
  const { freshness, clock } = await board([{ subject: ada, connection: null, ageMs: 0 }]);
  clock.wall -= 3_600_000;
  clock.monotonic += minute;
  expect(freshness.age(ada, null)).toBe(minute);
  clock.wall += 3_600_000 + 10 * minute;
  expect(freshness.age(ada, null)).toBe(10 * minute);
});

test("what is taken back is gone, and its watchers hear of it", async () => {
  const { freshness, change } = await board([{ subject: ada, connection: "pg", ageMs: 0 }]);
  const heard: (number | null)[] = [];
  const stop = freshness.watch(ada, () => heard.push(freshness.age(ada, "pg")));
  freshness.watch(subjectId(randomUUID()), () => heard.push(-1));
  await change([{ subject: ada, connection: "pg", ageMs: null }]);
  expect(heard).toEqual([null]);
  stop();
  await change([{ subject: ada, connection: "pg", ageMs: 7 }]);
  expect(heard).toEqual([null]);
});

test("longer than a day is never", async () => {
  const { freshness, clock } = await board([{ subject: ada, connection: "pg", ageMs: 0 }]);
  clock.wall += 24 * 60 * minute + 1;
  expect(freshness.age(ada, "pg")).toBeNull();
});

test("a watcher that throws, or goes while it is told, silences no other", async () => {
  const { freshness, change } = await board();
  const heard: string[] = [];
  freshness.watch(ada, () => {
    throw new Error("mine");
  });
  const stop = freshness.watch(ada, () => {
    heard.push("once");
    stop();
  });
  freshness.watch(ada, () => heard.push("each"));
  await change([{ subject: ada, connection: "pg", ageMs: 1 }]);
  await change([{ subject: ada, connection: "pg", ageMs: 1 }]);
  expect(heard).toEqual(["once", "each", "each"]);
});
