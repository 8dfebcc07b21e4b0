import { expect, test } from "vitest";
import { createSlowDown } from "./slow-down.js";

function slowed(options: { free?: number; waiting?: number } = {}) {
  const clock = { now: 0 };
  const waits: number[] = [];
  const release: (() => void)[] = [];
  const slowDown = createSlowDown({
    free: 3,
    waiting: 2,
    ...options,
    now: () => clock.now,
    wait: (ms) => {
      waits.push(ms);
      return new Promise((resolve) => release.push(resolve));
    },
  });
  const fail = (account: string, times: number) => {
    for (let n = 0; n < times; n++) slowDown.failed(account);
  };
  return { clock, waits, release, slowDown, fail };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the first failures cost nothing, later ones make every try wait, up to a bound", async () => {
  const { slowDown, fail, waits, release } = slowed();
  fail("ada", 2);
  await slowDown.enter("ada", "a");
  expect(waits).toEqual([]);
  for (const times of [1, 1, 1, 40]) {
    fail("ada", times);
    const entered = slowDown.enter("ada", "a");
    await settled();
    release.shift()!();
    await entered;
  }
  expect(waits).toEqual([125, 250, 500, 2_000]);
});

test("tries take turns, a network has one place, and the queue has an end: nobody fills it alone", async () => {
  const { slowDown, fail, waits, release } = slowed();
  fail("ada", 3);
  const order: string[] = [];
  const tries = ["a", "b"].map((network) => slowDown.enter("ada", network).then(() => order.push(network)));
  await settled();
  expect(waits).toHaveLength(1);
  await expect(slowDown.enter("ada", "a")).rejects.toMatchObject({ code: "limited" });
  await expect(slowDown.enter("ada", "c")).rejects.toMatchObject({ code: "limited" });
  release.shift()!();
  await settled();
  // Whoever was second waits only now.
  expect([order, waits.length]).toEqual([["a"], 2]);
  const third = slowDown.enter("ada", "c").then(() => order.push("c"));
  release.shift()!();
  await settled();
  release.shift()!();
  await Promise.all([...tries, third]);
  expect(order).toEqual(["a", "b", "c"]);
});

test("one account does not slow another, peace forgives, and what turned out well is taken back", async () => {
  const { slowDown, fail, waits, clock } = slowed();
  fail("ada", 9);
  await slowDown.enter("grace", "a");
  clock.now += 61 * 60_000;
  await slowDown.enter("ada", "a");
  fail("ada", 3);
  slowDown.forgiven("ada");
  await slowDown.enter("ada", "a");
  expect(waits).toEqual([]);
});

test("memory is bounded: the account that failed longest ago goes", async () => {
  const waits: number[] = [];
  const slowDown = createSlowDown({ free: 1, accounts: 2, wait: async (ms) => void waits.push(ms) });
  for (const account of ["a", "b", "c"]) slowDown.failed(account);
  for (const account of ["a", "b", "c"]) await slowDown.enter(account, "n");
  expect(waits).toHaveLength(2);
});
