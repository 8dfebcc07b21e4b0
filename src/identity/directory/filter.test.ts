import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HoopError } from "../../vocabulary/index.js";
import { type Filter, parseFilter } from "./filter.js";
import { itemFor, itemPasses } from "./item-filter.js";
import { parsePatch, parsePath } from "./patch.js";
import { scimTypeOf } from "./refusal.js";

const eq = (path: string, value: string | number | boolean | null): Filter => ({
  is: "compare",
  path,
  by: "eq",
  value,
});

describe("a filter", () => {
  it.each<[string, Filter]>([
    ['userName eq "a"', eq("username", "a")],
    ['USERNAME Eq "a\\"b\\u0041"', eq("username", 'a"bA')],
    ["active eq True", eq("active", true)],
    ["a eq null and b eq -1.5", { is: "and", of: [eq("a", null), eq("b", -1.5)] }],
    ["a eq 1 or b eq 2 and c eq 3", { is: "or", of: [eq("a", 1), { is: "and", of: [eq("b", 2), eq("c", 3)] }] }],
    ["not (a eq 1 and b eq 2)", { is: "not", of: { is: "and", of: [eq("a", 1), eq("b", 2)] } }],
    ["not(a pr)", { is: "not", of: { is: "present", path: "a" } }],
    ["((((a eq 1))))", eq("a", 1)],
    ["not (not (a eq 1))", { is: "not", of: { is: "not", of: eq("a", 1) } }],
    [
      'emails[type eq "work" and value co "@x"]',
      {
        is: "some",
        path: "emails",
        of: { is: "and", of: [eq("type", "work"), { is: "compare", path: "value", by: "co", value: "@x" }] },
      },
    ],
    [
      'emails[type eq "work"].value eq "a"',
      { is: "some", path: "emails", of: { is: "and", of: [eq("type", "work"), eq("value", "a")] } },
    ],
    ["urn:ietf:params:scim:schemas:core:2.0:User:userName eq 1", eq("username", 1)],
    [
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq 1",
      eq("enterprise.manager.value", 1),
    ],
    ['userName eq "a) or (active eq true"', eq("username", "a) or (active eq true")],
  ])("%s", (text, tree) => {
    expect(parseFilter(text)).toEqual(tree);
  });

  it("of any text is a tree or refused as the protocol says, and changes nothing that all objects have", () => {
    const words = fc.constantFrom(
      "a",
      "eq",
      "pr",
      "and",
      "or",
      "not",
      "(",
      ")",
      "[",
      "]",
      '"x"',
      "1",
      "__proto__",
      ".b",
      "true",
      '"',
      "constructor.prototype.x",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 30 }).map((list) => list.join(" ")),
        ),
        (text) => {
          try {
            parseFilter(text);
          } catch (error) {
            expect(error).toBeInstanceOf(HoopError);
            expect(scimTypeOf(error as HoopError)).toBe("invalidFilter");
          }
          expect(Object.keys(Object.prototype)).toEqual([]);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("a path", () => {
  it.each([
    ["members", { attribute: "members", items: null, part: null }],
    ['members[value eq "x"]', { attribute: "members", items: eq("value", "x"), part: null }],
    ['emails[type eq "wo]rk"].value', { attribute: "emails", items: eq("type", "wo]rk"), part: "value" }],
    ["name.familyName", { attribute: "name.familyname", items: null, part: null }],
  ])("%s", (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  it.each([
    "",
    "__proto__",
    "a[",
    "a]",
    "a[b",
    "a[]",
    "a[x eq 1]x",
    "a[x eq 1].__proto__",
    "a b",
    "a..b",
    "[x pr]",
    ".a",
  ])("refuses %j", (text) => {
    expect(() => parsePath(text)).toThrow(HoopError);
  });
});

describe("items of a list", () => {
  const item: Record<string, string | boolean> = { type: "work", value: "A@x.org", primary: true };
  const passes = (text: string) => itemPasses(parseFilter(text), (path) => item[path]);

  it("pass by their parts, whatever the case", () => {
    expect(
      ['type eq "WORK"', 'value ew "@X.org"', 'primary eq "True"', 'type ne "home"', "not (display pr)"].map(passes),
    ).toEqual(Array(5).fill(true));
    expect(['type eq "home"', "display pr", "primary eq false", 'value gt "z"', "x[y eq 1]"].map(passes)).toEqual(
      Array(5).fill(false),
    );
  });

  it("that are not there are made of equalities alone", () => {
    expect(itemFor(parseFilter('type eq "work" and primary eq true'))).toEqual([
      ["type", "work"],
      ["primary", true],
    ]);
    expect(itemFor(parseFilter('type eq "work" or type eq "home"'))).toBeNull();
    expect(itemFor(parseFilter('type sw "w"'))).toBeNull();
  });
});

it("a patch takes operations and keys in any case, and nothing else", () => {
  expect(
    parsePatch({
      Schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
      operations: [{ OP: "Replace", Path: "active", VALUE: "False" }],
    }),
  ).toEqual([{ op: "replace", path: { attribute: "active", items: null, part: null }, value: "False" }]);
  for (const body of [
    null,
    [],
    {},
    { Operations: {} },
    { Operations: [] },
    { schemas: ["urn:x"], Operations: [{ op: "add", value: {} }] },
  ])
    expect(() => parsePatch(body)).toThrow(HoopError);
});
