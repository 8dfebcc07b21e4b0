import { expect, test } from "vitest";
import { createCallLimit } from "./call-limit.js";

test("a burst of a quarter minute passes, then what the minute allows; others are not touched", () => {
  let now = 0;
  const limit = createCallLimit({ perMinute: 60, now: () => now });
  for (let n = 0; n < 15; n++) limit.take("eager");
  expect(() => limit.take("eager")).toThrow(/too many requests/);
  limit.take("other");
  now = 1_000;
  limit.take("eager");
  expect(() => limit.take("eager")).toThrow();
  now = 3_600_000;
  for (let n = 0; n < 15; n++) limit.take("eager");
  expect(() => limit.take("eager")).toThrow();
});

test("a clock that goes back gives nothing", () => {
  let now = 10_000;
  const limit = createCallLimit({ perMinute: 4, now: () => now });
  limit.take("one");
  now = 0;
  expect(() => limit.take("one")).toThrow();
});

test("any number of callers costs a bounded number of places", () => {
  const limit = createCallLimit({ perMinute: 4, now: () => 0 });
  for (let n = 0; n < 120_000; n++) limit.take(`caller ${n}`);
  expect(() => limit.take("caller 119999")).toThrow();
});
