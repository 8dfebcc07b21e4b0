import { describe, expect, it } from "vitest";
import type { Ask } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import { SessionTrail } from "./session-trail.js";

function settingsAfter(
  ...texts: readonly (string | [string, Partial<SqlAnalysis>, "open"?])[]
): readonly string[] | null {
  const trail = new SessionTrail();
  for (const each of texts) {
    const [text, more, transaction = "idle"] = typeof each === "string" ? [each, {}] : each;
    const ask = { phase: "statement", text, values: null, context: { transaction } } as unknown as Ask;
    const analysis = {
      changesContext: true,
      unknowns: [],
      effects: [],
      statements: 1,
      ...more,
    } as unknown as SqlAnalysis;
    trail.ran(ask, analysis);
  }
  return trail.settings;
}

describe("what a session has set, for a rehearsal in another", () => {
  it("is each SET and RESET, in order", () => {
    expect(
      settingsAfter("set search_path = a, b", "SET SESSION work_mem TO '1MB';", "reset role", "set time zone 'UTC'"),
    ).toEqual(["set search_path = a, b", "SET SESSION work_mem TO '1MB';", "reset role", "set time zone 'UTC'"]);
    expect(settingsAfter("prepare p as select 1", "deallocate p")).toEqual([]);
    expect(settingsAfter("set a.b = 'c'", "discard all", "set x = 1")).toEqual(["set x = 1"]);
    expect(settingsAfter(["select 1", { changesContext: false }])).toEqual([]);
  });

  it("is not known after anything else, until all is discarded", () => {
    for (const text of [
      "select set_config('a.b', 'c', false)",
      "set local a = 1",
      "set a = 1; drop table t",
      "do $$ x $$",
    ])
      expect(settingsAfter(text)).toBeNull();
    expect(settingsAfter(["set a = 1", {}, "open"])).toBeNull();
    expect(settingsAfter(["select f()", { changesContext: false, unknowns: ["f"] }])).toBeNull();
    expect(settingsAfter("select set_config('a.b', 'c', false)", "set x = 1")).toBeNull();
    expect(settingsAfter("select set_config('a.b', 'c', false)", "discard all")).toEqual([]);
  });
});
