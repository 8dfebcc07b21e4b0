import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { subjectId } from "../../vocabulary/index.js";
import { builtInRoles } from "./built-in.js";
import { isPermission, isScoped, permissionNames } from "./permissions.js";
import { rolesReference } from "./reference.js";
import { rightsIn } from "./rights.js";
import { contains, inScope, type Scope, scopeFrom, scopeFromText, scopeText } from "./scope.js";
import type { RoleBinding, RoleState } from "./store.js";

describe("the catalogue of permissions", () => {
  it("is the page in the documentation: `vitest run --project unit src/identity/roles -u` writes it anew", async () => {
    await expect(rolesReference()).toMatchFileSnapshot("../../../docs/roles.md");
  });

  it("has none that nothing asks for, but those of events, which rules' permissions guard today", () => {
    const folder = new URL("../../api", import.meta.url).pathname;
    const checks = new URL(".", import.meta.url).pathname;
    const text = [folder, join(folder, "routes"), checks]
      .flatMap((place) => readdirSync(place).map((name) => join(place, name)))
      .filter((path) => /(?<!test|permissions|built-in|reference)\.ts$/.test(path))
      .map((path) => readFileSync(path, "utf8"))
      .join("\n");
    const unasked = permissionNames.filter((name) => !text.includes(`"${name}"`));
    expect(unasked.filter((name) => !name.startsWith("events.") && !name.startsWith("runbooks."))).toEqual([]);
  });

  it("gives auditors nothing that changes anything", () => {
    const auditor = builtInRoles.find(({ name }) => name === "auditor")!;
    expect(auditor.permissions.filter((name) => !/\.(read|export|reveal)$/.test(name))).toEqual([]);
  });

  it("knows no name that all objects have", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", ""])
      expect(isPermission(name)).toBe(false);
  });
});

const label = fc.constantFrom("team", "env", "tier");
const value = fc.constantFrom("a", "b", "c");
const scope: fc.Arbitrary<Scope> = fc.dictionary(label, fc.uniqueArray(value, { minLength: 1 }), {
  minKeys: 1,
  noNullPrototype: true,
});
const labels = fc.dictionary(label, value, { noNullPrototype: true });

describe("a scope", () => {
  it("that contains another holds every connection of it, there now or ever", () => {
    fc.assert(
      fc.property(scope, scope, labels, (outer, inner, connection) => {
        if (contains(outer, inner) && inScope(inner, connection)) expect(inScope(outer, connection)).toBe(true);
      }),
    );
  });

  it("that does not contain another leaves a connection of it out", () => {
    fc.assert(
      fc.property(scope, scope, (outer, inner) => {
        if (contains(outer, inner)) return;
        const found = connectionsOf(inner).some((connection) => !inScope(outer, connection));
        expect(found).toBe(true);
      }),
    );
  });

  it("is written and read again", () => {
    fc.assert(
      fc.property(scope, (one) => {
        expect(scopeFromText(scopeText(scopeFrom(one)))).toEqual(scopeFrom(one));
      }),
    );
    expect(scopeText(null)).toBe("everywhere");
  });

  it.each(["", "team", "=x", "team=a,team=b", "__proto__=x", "Team=a", "team=*", "team=a\u0000", ",", "team=a,"])(
    "refuses %j",
    (text) => {
      expect(() => scopeFromText(text)).toThrow();
    },
  );

  it("never fits by what all objects have", () => {
    expect(inScope({ constructor: ["x"] }, {})).toBe(false);
    expect(contains({ constructor: ["x"] }, { team: ["a"] })).toBe(false);
  });
});

/** Every connection that has just the labels of a scope. */
function connectionsOf(one: Scope): Record<string, string>[] {
  return Object.entries(one).reduce<Record<string, string>[]>(
    (sofar, [name, values]) =>
      sofar.flatMap((connection) => values.map((chosen) => ({ ...connection, [name]: chosen }))),
    [{}],
  );
}

describe("rights", () => {
  const ada = {
    id: subjectId("00000000-0000-4000-8000-000000000001"),
    kind: "person" as const,
    name: "ada",
    groups: ["leads"],
    version: 1,
  };
  const bound = (
    role: string,
    given: Scope | null,
    to: RoleBinding["to"] = { kind: "group", name: "leads" },
  ): RoleBinding => ({
    id: "b",
    role,
    to,
    scope: given,
    createdAt: new Date(0),
    createdBy: "x",
  });
  const state = (bindings: RoleBinding[]): RoleState => ({
    roles: [
      {
        name: "own",
        description: "",
        permissions: ["connections.write", "users.write", "from.the.future"],
        version: 1,
      },
    ],
    bindings,
  });

  it("under a scope give nothing that a scope cannot limit, whatever the role says", () => {
    const rights = rightsIn(state([bound("own", { team: ["a"] }), bound("admin", { team: ["a"] })]), ada);
    expect(permissionNames.filter((name) => rights.has(name))).toEqual([]);
    expect(permissionNames.filter((name) => rights.hasSomewhere(name)).every(isScoped)).toBe(true);
    expect(rights.hasOn("connections.write", { name: "x", labels: { team: "a" } })).toBe(true);
    expect(rights.hasOn("connections.write", { name: "x", labels: { team: "b" } })).toBe(false);
  });

  it("two scopes side by side do not make a wider one", () => {
    const rights = rightsIn(state([bound("own", { team: ["a"] }), bound("own", { team: ["b"] })]), ada);
    expect(rights.hasWithin("connections.write", { team: ["a"] })).toBe(true);
    expect(rights.hasWithin("connections.write", { team: ["a", "b"] })).toBe(false);
    expect(rights.hasWithin("connections.write", null)).toBe(false);
  });

  it("come from neither another's binding, an unknown role nor a group of another name", () => {
    const other = subjectId("00000000-0000-4000-8000-000000000002");
    const rights = rightsIn(
      state([
        bound("admin", null, { kind: "user", id: other, name: "ada" }),
        bound("none", null),
        bound("admin", null, { kind: "group", name: "Leads" }),
      ]),
      ada,
    );
    expect(rights.holdings).toEqual([]);
  });
});
