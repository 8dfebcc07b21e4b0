import { expect, test } from "vitest";
import { freshness } from "./freshness.js";

const status = () => ({ fed: 0, behind: 3, error: null });

test("a store that has everything lacks nothing, one that is late says how much", async () => {
  expect(await freshness(null)).toBe(0);
  expect(await freshness({ drain: () => Promise.resolve(), status })).toBe(0);
  const late = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("late"))));
  expect(await freshness({ drain: late, status }, 20)).toBe(3);
  // It came between the end of the wait and the question: nobody knows whether the list has it.
  expect(await freshness({ drain: late, status: () => ({ ...status(), behind: 0 }) }, 20)).toBe(1);
});
