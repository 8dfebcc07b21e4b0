import { describe, expect, it } from "vitest";
import type { Access, Resource } from "../../vocabulary/index.js";
import { ask, problemsOf } from "../testing/ask.js";
import { columns } from "./columns.js";
import { functions } from "./functions.js";
import { relations } from "./relations.js";

const relation = (name: string, access: Access = "read"): Resource => ({ kind: "relation", name, access });
const column = (name: string): Resource => ({ kind: "column", name, access: "read" });

describe("relations", () => {
  it.each([
    ["public.customers", ["public.customers"], "yes"],
    ["customers", ["crm.customers"], "yes"],
    ["public.*", ["public.orders", "crm.x"], "yes"],
    ["public.customers", ["public.orders"], "no"],
    ["public.customers", [], "no"],
    // Not resolved: it may be the one.
    ["public.customers", ["?.customers"], "unknown"],
    ["public.customers", ["?.orders"], "no"],
    // Another table at the target, yet too near for a denial to miss.
    ["public.customers", ["public.Customers"], "unknown"],
    // A quoted name with a dot can be cut in more ways than one.
    ["public.*", ["public.a.b"], "unknown"],
    ["audit.log", ["public.audit.log"], "no"],
  ] as const)("any %s of %j is %s", (pattern, names, answer) => {
    expect(ask(relations, { any: pattern }, { resources: names.map((name) => relation(name)) })).toBe(answer);
  });

  it("only: all of them, and nothing that could not be read", () => {
    const both = { resources: [relation("public.a"), relation("public.b")] };
    expect(ask(relations, { only: "public.*" }, both)).toBe("yes");
    expect(ask(relations, { only: ["a"] }, both)).toBe("no");
    expect(ask(relations, { only: "public.*" }, { ...both, unknowns: ["dynamic SQL"] })).toBe("unknown");
    expect(ask(relations, { only: "public.*" }, { resources: [relation("?.a")] })).toBe("unknown");
  });

  it("narrows to how it is touched", () => {
    const wanted = { any: "audit.*", access: ["write", "destroy"] };
    expect(ask(relations, wanted, { resources: [relation("audit.log")] })).toBe("no");
    expect(ask(relations, wanted, { resources: [relation("audit.log", "destroy")] })).toBe("yes");
  });

  it("answers unknown for what was not fully read", () => {
    expect(ask(relations, { any: "audit.*" }, { unknowns: ["an opaque function"] })).toBe("unknown");
  });

  it("refuses patterns that could never match", () => {
    expect(problemsOf(relations, { any: "a.b.c" })).toContain("more than 2 parts");
    expect(problemsOf(relations, { any: "a..b" })).toContain("empty");
    expect(problemsOf(relations, { any: "a", acess: ["write"] })).toContain('did you mean "access"?');
  });

  it("stays quick for names made to be slow", () => {
    const name = Array(5000).fill("a").join(".");
    expect(
      ask(relations, { any: `${"*a".repeat(90)}b` }, { resources: [relation(name), relation("a".repeat(5000))] }),
    ).toBe("unknown");
  });
});

describe("columns", () => {
  it("matches by one, two or three parts, and a star may be any column", () => {
    const wanted = { any: ["*.ssn", "public.staff.salary"] };
    expect(ask(columns, wanted, { resources: [column("public.customers.ssn")] })).toBe("yes");
    expect(ask(columns, wanted, { resources: [column("public.staff.name")] })).toBe("no");
    expect(ask(columns, wanted, { resources: [column("public.staff.*")] })).toBe("unknown");
    expect(ask(columns, wanted, { resources: [column("?.?.ssn")] })).toBe("yes");
  });
});

describe("functions", () => {
  it("matches by name in any schema, or in one", () => {
    const calls = (name: string) => ({ resources: [{ kind: "function", name, access: "execute" } as const] });
    expect(ask(functions, { any: "pg_sleep" }, calls("pg_catalog.pg_sleep"))).toBe("yes");
    expect(ask(functions, { any: "admin.*" }, calls("public.f"))).toBe("no");
  });
});
