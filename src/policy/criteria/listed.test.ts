import { describe, expect, it } from "vitest";
import { ask, problemsOf } from "../testing/ask.js";
import { attributes } from "./attributes.js";
import { escapes } from "./escapes.js";
import { noWhere } from "./no-where.js";
import { utility } from "./utility.js";

describe("criteria on what an analyser lists", () => {
  it.each([
    [noWhere, "noWhere", "delete"],
    [escapes, "escapes", "dblink"],
    [utility, "utility", "copy"],
  ] as const)("%s", (criterion, attribute, word) => {
    const has = { attributes: { [attribute]: [word] } };
    expect(ask(criterion, "any", has)).toBe("yes");
    expect(ask(criterion, [word], has)).toBe("yes");
    expect(ask(criterion, `${word.slice(0, 2)}*`, has)).toBe("yes");
    expect(ask(criterion, ["other"], has)).toBe("no");
    expect(ask(criterion, "any", { attributes: { [attribute]: [] } })).toBe("no");
    expect(ask(criterion, "any")).toBe("no");
    // What was not read may hold it.
    expect(ask(criterion, "any", { unknowns: ["dynamic SQL"] })).toBe("unknown");
    expect(ask(criterion, ["other"], { ...has, unknowns: ["dynamic SQL"] })).toBe("unknown");
  });

  it("attributes: each has one of its values", () => {
    const found = { attributes: { size: 3, dry: true, host: "db-1", tools: ["rm", "dd"] } };
    expect(ask(attributes, { size: 3, dry: true, host: "db-*", tools: ["dd"] }, found)).toBe("yes");
    expect(ask(attributes, { size: [1, 2] }, found)).toBe("no");
    expect(ask(attributes, { size: "3" }, found)).toBe("no");
    expect(ask(attributes, { missing: "*" }, found)).toBe("no");
    expect(ask(attributes, { constructor: "*" }, found)).toBe("no");
    expect(ask(attributes, { missing: "*" }, { ...found, unknowns: ["x"] })).toBe("unknown");
    expect(ask(attributes, { size: 3, missing: "*" }, { ...found, unknowns: ["x"] })).toBe("unknown");
    expect(problemsOf(attributes, {})).not.toBe("");
  });
});
