import { expect, test } from "vitest";
import { addressBlock, createThrottle } from "./throttle.js";

function throttled({ free = 3, keys = 100 } = {}) {
  const clock = { now: 0 };
  const throttle = createThrottle({ free, keys, now: () => clock.now });
  const waits = (key: string): boolean => {
    try {
      throttle.check(key);
      return false;
    } catch {
      return true;
    }
  };
  return { clock, throttle, waits };
}

test("waits double, and end", () => {
  const { clock, throttle, waits } = throttled();
  for (let n = 0; n < 3; n++) throttle.failed("a");
  expect(waits("a")).toBe(true);
  clock.now += 1_000;
  expect(waits("a")).toBe(false);
  throttle.failed("a");
  clock.now += 1_000;
  expect(waits("a")).toBe(true);
  clock.now += 1_000;
  expect(waits("a")).toBe(false);
  for (let n = 0; n < 100; n++) throttle.failed("a");
  clock.now += 5 * 60_000;
  expect(waits("a")).toBe(false);
});

test("one key does not slow another, and success forgets", () => {
  const { throttle, waits } = throttled();
  for (let n = 0; n < 9; n++) throttle.failed("a");
  expect(waits("b")).toBe(false);
  throttle.succeeded("a");
  expect(waits("a")).toBe(false);
});

test("what is forgiven takes back one failure, not those before", () => {
  const { throttle, waits } = throttled();
  throttle.failed("a");
  throttle.failed("a");
  throttle.failed("a");
  throttle.forgiven("a");
  expect(waits("a")).toBe(false);
  throttle.failed("a");
  expect(waits("a")).toBe(true);
});

test("memory is bounded: the oldest goes", () => {
  const { throttle, waits } = throttled({ keys: 2 });
  for (const key of ["a", "b", "c"]) for (let n = 0; n < 3; n++) throttle.failed(key);
  expect(["a", "b", "c"].map(waits)).toEqual([false, true, true]);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
])("%s counts as %s", (address, block) => {
  expect(addressBlock(address)).toBe(block);
});
