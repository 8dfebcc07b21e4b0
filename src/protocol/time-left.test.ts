import { expect, test } from "vitest";
import { timeLeft } from "./time-left.js";

const minute = 60_000;
const hour = 60 * minute;

test.each([
  [-5, "0 seconds"],
  [0, "0 seconds"],
  [1, "1 second"],
  [1_000, "1 second"],
  [40_000, "40 seconds"],
  [89_500, "90 seconds"],
  [90_000, "2 minutes"],
  [29.4 * minute, "29 minutes"],
  [59.6 * minute, "1 hour"],
  [hour + minute, "1 hour 1 minute"],
  [80 * minute, "1 hour 20 minutes"],
  [2 * hour - 1_000, "2 hours"],
  [24 * hour - 1_000, "1 day"],
  [25 * hour, "1 day 1 hour"],
  [51 * hour, "2 days 3 hours"],
  [48 * hour - 1_000, "2 days"],
])("%i ms are %s", (ms, words) => {
  expect(timeLeft(1_000_000 + ms, 1_000_000)).toBe(words);
});
