import { describe, expect, it } from "vitest";
import type { Connection, Subject } from "../../vocabulary/index.js";
import { connectionId, detectorGroups, subjectId } from "../../vocabulary/index.js";
import { compilePolicy } from "../compile.js";
import { parseDocuments } from "../parse-documents.js";

const ada: Subject = {
  id: subjectId("00000000-0000-4000-8000-000000000001"),
  kind: "person",
  name: "ada",
  groups: ["support"],
  version: 1,
};
const pg: Connection = {
  id: connectionId("00000000-0000-4000-8000-000000000002"),
  name: "pg",
  protocol: "postgres",
  host: "h",
  port: 1,
  agent: null,
  labels: {},
  tls: { mode: "disable" },
  target: {},
  exposesCredentialToAgent: false,
  version: 1,
};

const mask = (spec: string) =>
  `apiVersion: hoop/v1\nkind: mask\nmetadata: { name: values }\nspec:\n  ${spec.replaceAll("\n", "\n  ")}\n`;
const parse = (spec: string) => parseDocuments(mask(spec), "policy.yaml");
const policy = (spec: string) => compilePolicy(parse(spec));
const refused = (spec: string) => {
  try {
    parse(spec);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};
const redact = "mask: { method: redact }";

describe("a mask of values", () => {
  it("names detectors and groups of them, once each, in the order of their weight", () => {
    const { scans } = policy(`detect: [card, email, card]\n${redact}`).masksFor(ada, pg, 0);
    expect(scans).toEqual([
      {
        rule: "values",
        detect: ["email", "card"],
        patterns: [],
        mask: { method: "redact" },
        keys: false,
        bytes: false,
      },
    ]);
    expect(policy(`detect: all\n${redact}`).masksFor(ada, pg, 0).scans![0]!.detect).toEqual(detectorGroups.all);
  });

  it("gives the same list for the same rules, so that it is compiled once", () => {
    const set = policy(`detect: all\n${redact}`);
    expect(set.masksFor(ada, pg, 0).scans).toBe(set.masksFor({ ...ada }, { ...pg }, 1).scans);
    expect(policy(`columns: email\n${redact}`).masksFor(ada, pg, 0).scans).toEqual([]);
  });

  it.each([
    [`${redact}`, "say `columns`, `detect` or `patterns`"],
    [`detect: [emial]\n${redact}`, 'unknown word "emial"'],
    [`columns: a\nkeys: true\n${redact}`, "`keys` belongs to"],
    [`columns: a\nbytes: true\n${redact}`, "`bytes` belongs to"],
    [`patterns: [{ name: a, pattern: "(a+)+\\\\1" }]\n${redact}`, "not a pattern of RE2"],
    [`patterns: [{ name: a, pattern: "(?=a)" }]\n${redact}`, "not a pattern of RE2"],
    [`patterns: [{ name: a, pattern: "a*" }]\n${redact}`, "matches the empty text"],
    [`patterns: [{ name: a, pattern: "a{101}" }]\n${redact}`, "repeats more than 100"],
    [`patterns: [{ name: a, pattern: "((a{90}){90}){90}" }]\n${redact}`, "pattern"],
    [`patterns: [{ name: a, pattern: "${"a".repeat(501)}" }]\n${redact}`, "at most 500"],
    [`patterns: [{ name: A b, pattern: "a" }]\n${redact}`, "a name is up to"],
    ["columns: a\nmask: { method: tokenize }", "needs a `purpose`"],
    ["columns: a\nmask: { method: redact, purpose: x }", "belongs to method tokenize"],
    ["columns: a\nmask: { method: tokenize, purpose: x, as: phone }", "as `text`"],
    ["columns: a\nmask: { method: hash, domain: keep }", "belongs to method tokenize"],
    [`columns: a\n${redact}\nexempt: { who: everyone, purpose: support }`, "name who may see"],
    [`columns: a\n${redact}\nexempt: { who: everyone }`, "use `enabled: false`"],
    [`columns: a\n${redact}\nexempt: { who: { group: a }, until: tomorrow }`, "a time with its zone"],
    [`columns: a\n${redact}\nexempt: { who: { group: a }, purpose: "two words" }`, "one word"],
  ])("refuses %j with its file and reason", (spec, reason) => {
    const message = refused(spec);
    expect(message).toContain(reason);
    expect(message).toMatch(/policy\.yaml.*"values"/);
  });

  it("says what it does", () => {
    const [rule] = policy(
      `columns: email\ndetect: [card, iban]\nmask: { method: tokenize, purpose: Analytics }`,
    ).explain();
    expect(rule!.text).toBe(
      "For everyone, on every connection: columns email and values that look like card or iban show as pseudonyms for analytics.",
    );
  });
});

describe("an exemption", () => {
  const masked = (set: ReturnType<typeof policy>, subject = ada, now = 0, purpose?: string) =>
    set.masksFor(subject, pg, now, purpose).masks.length > 0;

  it("for a purpose counts for who may claim it, in sessions that state it", () => {
    const set = policy(`columns: email\n${redact}\nexempt: { who: { group: support }, purpose: [Ticket, fraud] }`);
    expect(masked(set)).toBe(true);
    expect(masked(set, ada, 0, "other")).toBe(true);
    expect(masked(set, ada, 0, "TICKET")).toBe(false);
    expect(masked(set, { ...ada, groups: [] }, 0, "ticket")).toBe(true);
    expect(set.explain()[0]!.text).toContain("for the purpose ticket or fraud");
  });

  it("for a time ends with it, and what rests on it rests on the clock", () => {
    const set = policy(
      `columns: email\n${redact}\nexempt: { who: { group: support }, until: "2026-03-31T18:00:00+02:00" }`,
    );
    const end = Date.parse("2026-03-31T16:00:00Z");
    expect(masked(set, ada, end - 1)).toBe(false);
    expect(masked(set, ada, end)).toBe(true);
    expect(set.masksFor(ada, pg, end).dependsOn.has("clock")).toBe(true);
    expect(set.masksFor({ ...ada, groups: [] }, pg, end).dependsOn.has("clock")).toBe(false);
  });

  it("by the hour counts within it", () => {
    const set = policy(
      `detect: all\n${redact}\nexempt: [{ who: { group: support }, when: { time: { hours: "09:00-17:00" } } }]`,
    );
    const at = (hour: number) => set.masksFor(ada, pg, Date.UTC(2026, 0, 5, hour)).scans!.length;
    expect([at(8), at(9), at(16), at(17)]).toEqual([1, 0, 0, 1]);
  });
});
