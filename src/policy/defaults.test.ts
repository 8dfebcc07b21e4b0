import { describe, expect, it } from "vitest";
import { compilePolicy } from "./compile.js";
import { defaultDocuments } from "./defaults.js";
import { compileGlob } from "./glob.js";
import { type StatementParts, situationOf, subjectIn } from "./testing/situations.js";

const set = compilePolicy(defaultDocuments);
const decide = (group: string, parts: StatementParts) =>
  set.decide(situationOf({ subject: subjectIn([group]), ...parts })).verdict;
const deleteAll = { effects: ["write"], attributes: { noWhere: ["delete"] } } as const;
const deleteOne = { effects: ["read", "write"], attributes: { noWhere: [] } } as const;

describe("the default policy", () => {
  it("lets engineers read and nobody unknown in", () => {
    expect(decide("engineers", { effects: ["read"] }).outcome).toBe("allow");
    expect(decide("sales", { effects: ["read"] }).outcome).toBe("deny");
  });

  it("names the guard when a DELETE has no WHERE, for engineers, writers and admins alike", () => {
    for (const group of ["engineers", "writers", "admins"]) {
      expect(decide(group, deleteAll).reasons[0]).toMatchObject({ rule: "destructive-needs-where", code: "no-where" });
      expect(decide(group, deleteAll).reasons[0]!.text).toContain('guard "destructive-needs-where"');
    }
  });

  it("lets writers change rows, engineers not", () => {
    expect(decide("writers", deleteOne).outcome).toBe("allow");
    expect(decide("admins", deleteOne).outcome).toBe("allow");
    expect(decide("engineers", deleteOne).outcome).toBe("deny");
  });

  it("keeps tables and rights to admins", () => {
    for (const effect of ["define", "destroy", "admin", "execute"] as const) {
      expect(decide("writers", { effects: [effect] }).outcome).toBe("deny");
      expect(decide("admins", { effects: [effect] }).outcome).toBe("allow");
    }
  });

  it("keeps escape hatches to admins and what cannot be read from all", () => {
    const hatch = { effects: ["read"], attributes: { escapes: ["dblink"] } } as const;
    expect(decide("writers", hatch).reasons[0]).toMatchObject({
      rule: "no-escape-hatches",
      code: "escape-hatch",
      text: 'guard "no-escape-hatches" refuses this: it uses an escape hatch (dblink)',
    });
    expect(decide("admins", hatch).outcome).toBe("allow");
    for (const group of ["engineers", "writers", "admins"])
      expect(decide(group, { unknowns: ["x"] }).outcome).toBe("deny");
  });

  it("masks what identifies a person, except for pii-readers, and secrets for all", () => {
    const situation = situationOf();
    const masked = (group: string) => set.masksFor(subjectIn([group]), situation.connection, 0).masks;
    const first = (column: string) =>
      masked("engineers").find((one) => compileGlob(one.pattern).matches(`public.people.${column}`))?.rule;
    expect(
      [
        "email",
        "work_email",
        "phone",
        "card_number",
        "cc_number",
        "cvv",
        "ssn",
        "iban",
        "passport_no",
        "date_of_birth",
        "password_hash",
      ].map(first),
    ).toEqual([
      "mask-email",
      "mask-email",
      "mask-phone",
      "mask-card",
      "mask-card",
      "mask-card-code",
      "mask-identity",
      "mask-identity",
      "mask-identity",
      "mask-birth",
      "mask-secrets",
    ]);
    for (const column of ["id", "name", "city", "created_at", "company", "email_verified"])
      expect(first(column)).toBeUndefined();
    expect(new Set(masked("pii-readers").map((one) => one.rule))).toEqual(new Set(["mask-secrets"]));
  });

  it("explains every rule in a sentence", () => {
    expect(set.explain()).toHaveLength(defaultDocuments.length);
    for (const { text } of set.explain()) expect(text).toMatch(/^[A-Z].*\.$/);
  });
});
