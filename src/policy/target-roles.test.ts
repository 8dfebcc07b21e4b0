import { describe, expect, it } from "vitest";
import { type Connection, connectionId, type Subject, subjectId } from "../vocabulary/index.js";
import { compilePolicy } from "./compile.js";
import { parseDocuments } from "./parse-documents.js";

const person = (...groups: string[]): Subject => ({
  ...{ id: subjectId("8d3b1c5e-2f4a-4c6d-9e8f-0a1b2c3d4e5f"), kind: "person", name: "ada", groups, version: 1 },
});
const connection = {
  ...{ id: connectionId("3b0f2f7e-8c1b-4f4b-9a6c-1f6f54c0a009"), name: "pg", protocol: "postgres", host: "h", port: 1 },
  ...{ agent: null, labels: {}, tls: { mode: "disable" }, target: {}, exposesCredentialToAgent: false, version: 1 },
} as Connection;
const access = (name: string, spec: string): string =>
  `apiVersion: hoop/v1\nkind: access\nmetadata: { name: ${name} }\nspec: { where: everywhere, effects: [read], ${spec} }\n`;
const policy = (...documents: string[]) => compilePolicy(parseDocuments(documents.join("---\n")));
const noon = Date.UTC(2026, 0, 7, 12);
const night = Date.UTC(2026, 0, 7, 23);

const set = policy(
  access("readers", "who: { group: readers }, roles: readonly"),
  access("writers", "who: { group: writers }, roles: [app_rw, readonly]"),
  access("plain", "who: { group: plain }"),
  access("by-day", "who: { group: day }, roles: app_rw, when: { time: { hours: '08:00-18:00', zone: UTC } }"),
  access("watched", "who: { group: plain }, roles: owner, mode: shadow"),
);
const of = (groups: string[], now = noon) => set.targetRoles(person(...groups), connection, now);

describe("roles at the target, by rules", () => {
  it("are those of every rule that lets in", () => {
    expect(of(["readers"])).toEqual(["readonly"]);
    expect(of(["writers", "readers"])).toEqual(["app_rw", "readonly"]);
  });

  it("are nobody's to say where no rule says any; a rule that only watches says none", () => {
    expect(of(["plain"])).toBeNull();
    expect(of(["plain", "readers"])).toEqual(["readonly"]);
  });

  it("are none outside of a rule's hours, and not all that the connection has", () => {
    expect(of(["day"])).toEqual(["app_rw"]);
    expect(of(["day"], night)).toEqual([]);
    expect(of(["day", "plain"], night)).toEqual([]);
    expect(of(["day", "readers"], night)).toEqual(["readonly"]);
  });

  it("must be honoured, also where another rule asks for nothing", () => {
    const two = policy(
      access("all", "who: everyone").replace("[read]", "[read, unknown]"),
      access("r", "who: everyone, roles: a"),
    );
    expect(two.demands(person(), connection)).toEqual([
      { rule: "r", kind: "access", needs: ["judge-statements", "session-users"] },
    ]);
  });

  it.each(["''", "[]", `'${"é".repeat(32)}'`, '"a\\u0000b"', "7"])("are no roles: %s", (roles) => {
    expect(() => policy(access("bad", `who: everyone, roles: ${roles}`))).toThrow();
  });
});
