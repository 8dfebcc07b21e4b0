import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HoopError } from "../vocabulary/index.js";
import { parseDocuments, validateDocuments } from "./parse-documents.js";
import { readDocuments } from "./read-documents.js";

const good = `
apiVersion: hoop/v1
kind: access
metadata: { name: all }
spec: { who: everyone, where: everywhere, effects: read }
`;

function problem(text: string): string {
  try {
    parseDocuments(text, "policy.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(HoopError);
    return (error as HoopError).message;
  }
  return "";
}

describe("parsing documents", () => {
  it("reads YAML, JSON and lists, and keeps documents as they were written", () => {
    const [one] = parseDocuments(good);
    expect(one).toEqual({
      apiVersion: "hoop/v1",
      kind: "access",
      metadata: { name: "all" },
      spec: { who: "everyone", where: "everywhere", effects: "read" },
    });
    expect(parseDocuments(JSON.stringify(one))).toEqual([one]);
    expect(parseDocuments(JSON.stringify([one]))).toEqual([one]);
    expect(parseDocuments("---\n---\n# nothing\n")).toEqual([]);
    expect(parseDocuments("")).toEqual([]);
  });

  it.each([
    ["a misspelt key", "wher: everywhere", 'spec: unknown key "wher" (did you mean "where"?)'],
    ["a criterion in the wrong block", "when: { group: x }", 'spec.when: unknown key "group"'],
    [
      "an unknown effect",
      "when: { effects: { any: [raed] } }",
      'spec.when.effects.any[0]: unknown word "raed" (did you mean "read"?)',
    ],
    [
      "an action of a later version",
      "action: quarantine",
      'spec.action: unknown word "quarantine" (known here: deny, hold, challenge)',
    ],
    ["a hold that nobody approves", "action: hold", "spec.hold: action hold needs a `hold` that says who approves"],
    ["two words for one thing", "enabled: true, mode: shadow".replace(", ", "\n  "), "spec.enabled: say `mode` alone"],
    ["an empty mapping", "who: {}", "an empty mapping asks nothing; say `everyone`"],
    ["an empty list", "who: []", "an empty list matches nothing"],
    ["a wrong type", "enabled: sure", "spec.enabled: expected true or false"],
    [
      "a list within",
      "when: [{ noWhere: any }, { noWher: any }]",
      'spec.when[1]: unknown key "noWher" (did you mean "noWhere"?)',
    ],
  ])("names path and remedy for %s", (_what, line, told) => {
    const lines = ["apiVersion: hoop/v1", "kind: guard", "metadata: { name: g }", "spec:"];
    const spec = line.startsWith("action") ? [line] : [line, "action: deny"];
    const message = problem([...lines, ...spec.map((one) => `  ${one}`)].join("\n"));
    expect(message).toContain(told);
    expect(message).toMatch(/policy\.yaml, document 1 \(line \d+\), guard "g"/);
  });

  it("names the line of what is wrong, not of its document", () => {
    const text = `${good}---
apiVersion: hoop/v1
kind: guard
metadata: { name: g }
spec:
  when:
    effects:
      any: [read, raed]
  action: deny
`;
    expect(problem(text)).toContain('policy.yaml, document 2 (line 13), guard "g", spec.when.effects.any[1]: unknown');
  });

  it.each([
    [`${good}---${good}`, 'the name "all" is taken by'],
    [good.replace("access", "acess"), 'unknown kind "acess" (did you mean "access"?)'],
    [good.replace("hoop/v1", "hoop/v2"), "apiVersion: expected hoop/v1"],
    [good.replace("name: all", "name: All"), "lower-case"],
    ["just a text", "expected a mapping"],
    ["a: [", "not valid YAML"],
    ["a: 1\na: 2", "not valid YAML"],
    ["a: !!js/function x", "not valid YAML"],
    ["__proto__: { polluted: 1 }\nkind: access", "unknown key"],
    [`x: ${"[".repeat(20_000)}`, "valid YAML"],
  ])("refuses %#", (text, told) => {
    expect(problem(text)).toContain(told);
  });

  it("refuses aliases that multiply, and texts without end", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x,x]",
      ...Array.from(
        { length: 8 },
        (_, i) =>
          `a${i}: &a${i} [${Array(10)
            .fill(`*a${i === 0 ? "" : i - 1}`)
            .join()}]`,
      ),
    ];
    expect(problem(bomb.join("\n"))).toContain("cannot be read");
    expect(problem("x".repeat(5_000_000))).toContain("longer than");
  });

  it("leaves other kinds to others", () => {
    const raw = readDocuments(`${good}---\nkind: connection\nmetadata: { name: pg }\n`, "all.yaml");
    expect(raw.map((one) => one.kind)).toEqual(["access", "connection"]);
    expect(validateDocuments(raw.slice(0, 1))).toHaveLength(1);
  });

  it("never throws anything but a HoopError, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseDocuments(text);
        } catch (error) {
          expect(error).toBeInstanceOf(HoopError);
        }
      }),
    );
  });
});
