import { describe, expect, it } from "vitest";
import type { Analysis } from "../vocabulary/index.js";
import { applyDocuments } from "./apply-documents.js";
import type { PolicyChecks } from "./checks.js";
import { parseDocuments } from "./parse-documents.js";
import { createMemoryPolicyStore } from "./testing/memory-store.js";
import { analysisOf, connectionNamed } from "./testing/situations.js";

const read = `apiVersion: hoop/v1
kind: access
metadata: { name: read }
spec: { who: { group: engineers }, where: everywhere, effects: read }
`;

/** What a parser would say of the few statements of these tests. */
const analyses: Readonly<Record<string, Analysis>> = {
  "select email from customers": analysisOf({
    resources: [{ kind: "column", name: "public.customers.email", access: "read" }],
  }),
  "select * from customers": analysisOf({
    resources: [{ kind: "column", name: "public.customers.*", access: "read" }],
  }),
  "delete from customers": analysisOf({ effects: ["write"] }),
};

const checks: PolicyChecks = {
  read: async ({ sql }) => analyses[sql] ?? Promise.reject(new Error("nobody can read this")),
  connections: () => [connectionNamed("pg-demo", { env: "demo" }), { ...connectionNamed("web"), protocol: "http" }],
  protocols: [
    {
      name: "postgres",
      title: "PostgreSQL",
      can: new Set(["judge-statements", "mask-columns", "hold", "catalogue"]),
      attributes: ["noWhere", "escapes", "utility"],
    },
    { name: "http", title: "HTTP", can: new Set(["judge-statements", "hold"]), attributes: ["method"] },
  ],
  columns: async (connection) =>
    connection.protocol === "postgres" ? new Map([["public.customers", new Set(["id", "email"])]]) : null,
};

/** Applies a text over `read`; answers the warnings, or what it was refused for, and proves that the old policy stayed. */
async function apply(text: string): Promise<string> {
  const store = createMemoryPolicyStore();
  await applyDocuments(store, parseDocuments(read), { author: null });
  const before = await store.read();
  try {
    const wanted = parseDocuments(`${read}---\n${text}`, "policy.yaml");
    return (await applyDocuments(store, wanted, { author: null, checks })).warnings.join("\n");
  } catch (error) {
    expect(await store.read()).toEqual(before);
    return `refused: ${(error as Error).message}`;
  }
}

const document = (kind: string, name: string, spec: string) =>
  `apiVersion: hoop/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n${spec.replaceAll(/^/gm, "  ")}\n`;

describe("applying", () => {
  it("runs the tests of the file, and refuses with file, line, expected and actual when one fails", async () => {
    const test = (expectation: string) =>
      document(
        "test",
        "reads",
        `given: { groups: [engineers], connection: pg-demo, sql: "select email from customers" }\n${expectation}`,
      );
    expect(await apply(test("expect: allow\nrule: read\nmasked: []"))).toBe("");
    expect(await apply(test("expect: deny"))).toBe(
      'refused: policy.yaml, document 2 (line 11), test "reads": expected deny, got allow (access "read" allows this)',
    );
    expect(await apply(test("expect: allow\nrule: write"))).toContain('expected rule "write" among the reasons');
    expect(await apply(test("expect: allow\nmasked: [email]"))).toContain("expected email to be masked, got none");
    const store = createMemoryPolicyStore();
    const nobodyToRead = applyDocuments(store, parseDocuments(`${read}---\n${test("expect: allow")}`), {
      author: null,
    });
    await expect(nobodyToRead).rejects.toThrow("policy has tests, and they cannot be run here");
  });

  it("keeps tests with the policy, so that a later change may not break what they promise", async () => {
    const store = createMemoryPolicyStore();
    const test = document(
      "test",
      "no-deletes",
      'given: { groups: [engineers], connection: pg-demo, sql: "delete from customers" }\nexpect: deny',
    );
    await applyDocuments(store, parseDocuments(`${read}---\n${test}`), { author: null, checks });
    const more = parseDocuments(read.replace("effects: read", "effects: [read, write]"), "more.yaml");
    await expect(applyDocuments(store, more, { author: null, checks })).rejects.toThrow(
      'stored policy, test "no-deletes": expected deny, got allow',
    );
  });

  it("tells which columns are masked, by the table that the test describes", async () => {
    const mask = document("mask", "m", 'columns: [email]\nmask: { method: "null" }');
    const test = (masked: string) =>
      document(
        "test",
        "all",
        `given: { groups: [engineers], connection: pg-demo, sql: "select * from customers", schema: { customers: [id, email] } }\nexpect: allow\nmasked: ${masked}`,
      );
    expect(await apply(`${mask}---\n${test("[email]")}`)).not.toMatch(/^refused/);
    expect(await apply(`${mask}---\n${test("[]")}`)).toContain(
      "expected no column to be masked, got public.customers.email",
    );
    expect(await apply(`${mask}---\n${test("[email, id]")}`)).toContain("to be masked, got public.customers.email");
  });

  it("says when a test cannot be read", async () => {
    const test = document("test", "odd", 'given: { connection: pg-demo, sql: "what" }\nexpect: deny');
    expect(await apply(test)).toContain("the statement could not be read: nobody can read this");
  });

  it.each([
    [
      "a column that its table does not have",
      document("mask", "m", 'columns: [email, public.customers.emial]\nmask: { method: "null" }'),
      'refused: policy.yaml, document 2 (line 10), mask "m", spec.columns[1]: "public.customers.emial" names a column that table does not have on any connection (did you mean "email"?)',
    ],
    [
      "a column in a guard",
      document("guard", "g", "when: { columns: { any: customers.ssn } }\naction: deny"),
      'spec.when.columns.any: "customers.ssn" names a column',
    ],
    [
      "two methods for one column",
      `${document("mask", "a", "columns: email\nmask: { method: hash }")}---\n${document("mask", "b", "columns: [EMAIL]\nmask: { method: redact }")}`,
      'refused: policy.yaml, document 3 (line 17), mask "b", spec.columns: column email is masked by redact here and by hash in "a" (policy.yaml, document 2 (line 10)), for the same people and connections',
    ],
    [
      "a guard that can never match",
      document("guard", "g", "when: { noWhere: any, effects: { only: read } }\naction: deny"),
      "spec.when: can never match: a DELETE or UPDATE without WHERE does more than read",
    ],
    [
      "a guard on access that asks about statements",
      document("guard", "g", "on: access\nwhen: { relations: { any: x } }\naction: deny"),
      "spec.when: can never match: it is about access",
    ],
    [
      "a rule for nobody",
      document("guard", "g", "except: everyone\naction: deny"),
      "spec.except: excepts everyone, so it never counts",
    ],
    [
      "a rule that excepts all it names",
      document("guard", "g", "who: { group: a }\nexcept: [{ group: b }, { group: a }]\naction: deny"),
      "spec.except: excepts all that `who` names",
    ],
  ])("refuses %s, with file, line and reason", async (_what, text, told) => {
    const refused = await apply(text);
    expect(refused).toMatch(/^refused: /);
    expect(refused).toContain(told);
  });

  it("leaves alone what may well be: other tables, patterns, and columns by themselves", async () => {
    const mask = document(
      "mask",
      "m",
      'columns: [ssn, "customers.*_x", staff.pay]\nwhere: { protocol: postgres }\nmask: { method: "null" }',
    );
    expect(await apply(mask)).toBe("");
  });

  it("warns of masks that overlap, not of those that are for others", async () => {
    const two = (b: string) =>
      `${document("mask", "a", "who: { group: support }\nwhere: { protocol: postgres }\ncolumns: email\nmask: { method: partial }")}---\n${document("mask", "b", `${b}\nwhere: { protocol: postgres }\ncolumns: email\nmask: { method: redact }`)}`;
    expect(await apply(two("who: { group: sales }"))).toContain("where both count, the one that shows least wins");
    expect(await apply(two("except: { group: support }"))).toBe("");
  });

  it("warns of connections that cannot honour a rule, and names them", async () => {
    const guard = document("guard", "g", "when: { noWhere: any }\naction: deny");
    expect(await apply(guard)).toBe(
      'policy.yaml, document 2 (line 10), guard "g", spec: needs statements with the attribute "noWhere", which HTTP does not have here: opening web will be refused to whom it concerns',
    );
    expect(await apply(document("guard", "g", "mode: shadow\nwhen: { noWhere: any }\naction: deny"))).toBe("");
  });
});
