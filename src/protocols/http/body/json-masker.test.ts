import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ColumnMask, detectorGroups, type Mask, type ScanPlan } from "../../../vocabulary/index.js";
import { FieldFinder } from "./fields.js";
import { JsonMasker } from "./json-masker.js";
import { Values } from "./values.js";

const key = Buffer.alloc(32, 3);
const redact: Mask = { method: "redact" };
const field = (pattern: string, mask: Mask = redact): ColumnMask => ({
  rule: "r",
  pattern: ["*", "*", "*", ...pattern.split(".")].slice(-3).join("."),
  mask,
});
const all: ScanPlan = {
  alone: false,
  rules: [{ rule: "s", detect: detectorGroups.all, patterns: [], mask: redact, keys: false, bytes: false }],
};

function mask(text: string, fields: readonly ColumnMask[], scan: ScanPlan | null = null, cuts: readonly number[] = []) {
  const masker = new JsonMasker(new FieldFinder(fields, "/api/customers/7"), new Values(scan, key));
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const out: Buffer[] = [];
  for (let at = 1; at < places.length; at++)
    out.push(Buffer.from(masker.push(Buffer.from(bytes.subarray(places[at - 1], places[at])))));
  return Buffer.concat([...out, masker.end()]).toString();
}

describe("JSON under masks by name", () => {
  it.each([
    ['{"email":"a@b.c", "x" : 1}', '{"email":"***", "x" : 1}'],
    ['[{"Email":"a@b.c"},{"e\\u006dail": "q"}]', '[{"Email":"***"},{"e\\u006dail": "***"}]'],
    ['{"email":null,"email":true,"email":12}', '{"email":null,"email":"***","email":"***"}'],
    ['{"email":["a",{"v":"b","w":[1]}],"n":2}', '{"email":["***",{"***":"***","***":["***"]}],"n":2}'],
    ['{"email":"a"}\n{"email":"b"}\n', '{"email":"***"}\n{"email":"***"}\n'],
    ["\ufeff[1, 2.5e-3]", "\ufeff[1, 2.5e-3]"],
    ["7", "7"],
    ['{"email":"a\\"}b"}', '{"email":"***"}'],
  ])("%s becomes %s", (before, after) => expect(mask(before, [field("email")])).toBe(after));

  it("asks for what is around, in the body or the path", () => {
    const text = '{"user":{"name":"x","list":[{"name":"y"}]},"name":"z"}';
    expect(mask(text, [field("user.name")])).toBe('{"user":{"name":"***","list":[{"name":"***"}]},"name":"z"}');
    expect(mask(text, [field("customers.name")])).not.toMatch(/[xyz]"/);
    expect(mask(text, [field("orders.name")])).toBe(text);
  });

  it.each([
    ['{"email":"a"', "ends"],
    ["{email:1}", "stands"],
    ["{'email':'a'}", "stands"],
    ['{"a":1,}', "bracket"],
    ['{"a" "b"}', "value"],
    ["[1 2]", "value"],
    ['{"a":NaN}', "does not know"],
    ["[01]", "word"],
    ['{"a":/**/1}', "does not know"],
    ['{"\\x65mail":"a"}', "escape"],
    ["[".repeat(600), "nested"],
    ["]", "bracket"],
    ["{\u0000}", "does not know|stands"],
  ])("%s is refused", (text, why) => expect(() => mask(text, [field("email")])).toThrow(new RegExp(why)));

  it("changes masked values and nothing else, at every cut", () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true }));
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("node"), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom("email", "ssn")), tie("node"), {
          maxKeys: 4,
        }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, fc.array(fc.nat(), { maxLength: 6 }), fc.boolean(), (value, cuts, spaced) => {
        const text = JSON.stringify(value, null, spaced ? 2 : 0);
        expect(mask(text, [field("nobody")], null, cuts)).toBe(text);
        const shown = mask(text, [field("email"), field("ssn", { method: "null" })], null, cuts);
        expect(shown).toBe(mask(text, [field("email"), field("ssn", { method: "null" })]));
        expect(JSON.parse(shown)).toEqual(expected(JSON.parse(text), null));
      }),
      { numRuns: 300 },
    );
  });

  it("never throws anything but its own word, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ ae1-.n\n') }), (text) => {
        try {
          JSON.parse(mask(text, [field("e")]).split("\n")[0] || "0");
        } catch (error) {
          if ((error as { code?: string }).code === "malformed") return;
          // Several values one after the other are no single JSON text; that is all that may differ.
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
  });
});

describe("JSON under detectors", () => {
  it("finds values, named secrets and what is escaped", () => {
    expect(mask('{"a":"x jane@example.com","n":4111111111111111,"db_password":"hunter22"}', [], all)).toBe(
      '{"a":"x ***","n":"***","db_password":"***"}',
    );
    expect(mask('["jane\\u0040example.com",12]', [], all, [4, 9])).toBe('["***",12]');
  });
});

function expected(value: unknown, under: "redact" | "null" | null): unknown {
  if (Array.isArray(value)) return value.map((one) => expected(one, under));
  if (value === null) return null;
  if (typeof value === "object") {
    const members = Object.entries(value).map(([name, inner]) => {
      const own = name.toLowerCase() === "email" ? "redact" : name.toLowerCase() === "ssn" ? "null" : under;
      return [under === null ? name : "***", expected(inner, own)];
    });
    return Object.fromEntries(members);
  }
  return under === null ? value : under === "redact" ? "***" : null;
}
