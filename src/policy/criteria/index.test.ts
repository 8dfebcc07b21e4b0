import { describe, expect, it } from "vitest";
import { problemsOf } from "../testing/ask.js";
import type { Criterion } from "./criterion.js";
import { criteria } from "./index.js";

describe("every criterion", () => {
  it.each(criteria.map((one: Criterion) => [one.name, one] as const))(
    "%s has an example that is valid, a phrase and three reasons",
    (_name, one) => {
      expect(problemsOf(one, one.example)).toBe("");
      expect(one.bind(one.data.parse(one.example)).explain().length).toBeGreaterThan(3);
      expect(new Set(Object.values(one.reasons)).size).toBe(3);
    },
  );

  it("has a name of its own", () => {
    expect(new Set(criteria.map((one) => one.name)).size).toBe(criteria.length);
  });

  it("looks at the clock last, so that a rule depends on it only where it must", () => {
    const clock = criteria.findIndex((one) => (one as Criterion).dependsOn !== "shape");
    expect(criteria.slice(clock).every((one) => (one as Criterion).dependsOn !== "shape")).toBe(true);
  });
});
