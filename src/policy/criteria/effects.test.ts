import { describe, expect, it } from "vitest";
import { ask, problemsOf } from "../testing/ask.js";
import { effects } from "./effects.js";

describe("effects", () => {
  it.each([
    [{ only: ["read"] }, ["read"], "yes"],
    [{ only: ["read"] }, [], "yes"],
    [{ only: ["read"] }, ["read", "write"], "no"],
    [{ only: ["read"] }, ["read", "unknown"], "unknown"],
    [{ only: ["read"] }, ["write", "unknown"], "no"],
    [{ only: ["read", "unknown"] }, ["read", "unknown"], "yes"],
    [{ any: ["write"] }, ["read", "write"], "yes"],
    [{ any: "write" }, ["write", "unknown"], "yes"],
    [{ any: ["write"] }, ["read"], "no"],
    [{ any: ["write"] }, ["read", "unknown"], "unknown"],
    [{ any: ["write"] }, [], "no"],
    [{ any: ["unknown"] }, ["unknown"], "yes"],
  ] as const)("%j of %j is %s", (wanted, found, answer) => {
    expect(ask(effects, wanted, { effects: found })).toBe(answer);
  });

  it("takes words without the effect for unknown all the same", () => {
    expect(ask(effects, { only: ["read"] }, { effects: ["read"], unknowns: ["a function"] })).toBe("unknown");
    expect(ask(effects, { any: ["write"] }, { effects: ["read"], unknowns: ["a function"] })).toBe("unknown");
  });

  it("wants either only or any, and known words", () => {
    expect(problemsOf(effects, {})).toContain("either");
    expect(problemsOf(effects, { only: ["read"], any: ["write"] })).toContain("either");
    expect(problemsOf(effects, { any: ["raed"] })).toContain('did you mean "read"?');
    expect(problemsOf(effects, { any: [] })).toContain("empty list");
  });
});
