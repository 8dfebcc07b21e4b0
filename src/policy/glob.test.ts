import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob } from "./glob.js";

describe("compileGlob", () => {
  it.each([
    ["pg-*", "pg-", true],
    ["pg-*", "pg", false],
    ["*", "", true],
    ["**", "x", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "acb", false],
    ["*b*", "abc", true],
    ["a.c", "abc", false],
    ["", "", true],
  ])("%s on %s: %s", (pattern, value, matches) => {
    expect(compileGlob(pattern).matches(value)).toBe(matches);
  });

  it("agrees with the regular expression that it stands for", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "."), maxLength: 8 });
    const value = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 10 });
    fc.assert(
      fc.property(text, value, (pattern, name) => {
        const regex = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
        expect(compileGlob(pattern).matches(name)).toBe(regex.test(name));
      }),
    );
  });
});
