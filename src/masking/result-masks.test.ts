import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ColumnMask, Mask, PositionMask } from "../vocabulary/index.js";
import type { PlanInput } from "./plan.js";
import { planMasks } from "./plan-masks.js";
import { stricter } from "./stricter.js";
import { catalogueOf, relationOf } from "./testing/catalogue.js";

const email = { method: "partial", as: "email" } as const;
const phone = { method: "partial", as: "phone" } as const;
const redact = { method: "redact" } as const;
const masks: readonly ColumnMask[] = [
  { rule: "emails", pattern: "*.email", mask: email },
  { rule: "phones", pattern: "*.phone", mask: phone, counts: "allow" },
  { rule: "secrets", pattern: "*.secret", mask: { method: "null" } },
  { rule: "numbers", pattern: "*.ssn", mask: redact, counts: "mask" },
  { rule: "view", pattern: "v.label", mask: { method: "hash" } },
];
const customers = relationOf({
  id: 20_001,
  name: "customers",
  columns: ["id", "email", "phone", "secret", "ssn", "name", "made"],
});
const view = relationOf({ id: 20_004, name: "v", kind: "view", columns: ["id", "label"], reads: [20_001] });
const foreign = relationOf({ id: 20_007, name: "remote", kind: "foreign", columns: ["x"] });
const activity = relationOf({
  id: 12_345,
  schema: "pg_catalog",
  name: "pg_stat_activity",
  kind: "view",
  columns: ["pid", "query"],
});
const generated = {
  ...customers,
  columns: customers.columns.map((column) => (column.name === "made" ? { ...column, madeOf: [2] } : column)),
};
const catalogue = { ...catalogueOf([generated, view, foreign, activity]), systemRelations: [1259, 12_345] };

type Source = NonNullable<NonNullable<PlanInput["results"]>[number]>[number]["sources"][number];
const source = (
  name: string,
  kind: Source["kind"] = "own",
  relation: number | null = customers.id,
  via = false,
): Source => ({
  relation,
  name,
  kind,
  via,
});

function positionOf(sources: readonly Source[], more: Partial<PlanInput> = {}): PositionMask {
  const planned = planMasks(
    { reach: [customers.id], columns: [], opaque: false, copy: null, results: [[{ sources, plain: false }]], ...more },
    catalogue,
    masks,
  );
  if (planned.outcome === "deny") throw new Error(planned.reasons[0]!.text);
  return planned.masks!.results![0]![0]!;
}

describe("the mask of a position", () => {
  it.each<[string, readonly Source[], Mask | null]>([
    ["nothing of a masked column", [source("id"), source("name", "made")], null],
    ["the value itself", [source("email")], email],
    ["the value, or another that is not masked", [source("email"), source("name")], email],
    ["made of it", [source("email", "made")], redact],
    ["the value, or something made of it", [source("email"), source("email", "made")], redact],
    ["one of two that are masked in the same way, differently", [source("email"), source("phone")], redact],
    ["one of two: the stricter", [source("email"), source("ssn")], redact],
    ["a count", [source("email", "presence")], null],
    ["a count of different ones", [source("email", "distinct")], redact],
    ["a count of different ones that the rule allows", [source("phone", "distinct")], null],
    ["a count that the rule hides", [source("ssn", "presence")], redact],
    ["a count where even NULLs are hidden", [source("secret", "presence")], redact],
    ["a whole row", [source("*", "made")], redact],
    ["a column that the catalogue does not have", [source("renamed")], redact],
    ["a generated column of it", [source("made")], redact],
    [
      "a view's column that is known to be made of harmless ones",
      [source("id", "own", view.id, true), source("id")],
      null,
    ],
    ["a view's column of which nothing is known", [source("id", "own", view.id)], redact],
    [
      "a view's column with a rule of its own",
      [source("label", "own", view.id, true), source("id")],
      { method: "hash" },
    ],
    ["a foreign table's", [source("x", "own", foreign.id)], redact],
    ["a statement of another session", [source("query", "own", activity.id)], redact],
    ["its number", [source("pid", "own", activity.id)], null],
    ["a relation that is not in the catalogue", [source("a", "own", 29_999)], redact],
    ["a name that could be it", [source("email", "made", null)], redact],
    ["a name that it has not", [source("id", "made", null)], null],
  ])("%s", (_what, sources, mask) => {
    expect(positionOf(sources).mask).toEqual(mask);
  });

  it("is whole for what is not resolved when something cannot be read", () => {
    expect(positionOf([source("*", "made", null)], { opaque: true }).mask).toEqual(redact);
    expect(positionOf([source("name")], { opaque: true }).mask).toBeNull();
  });

  it("names what the server may say of it", () => {
    expect(positionOf([source("email"), source("name", "made")]).origins).toEqual(new Set([`${customers.id}.2`]));
    expect(positionOf([source("label", "own", view.id, true)]).origins).toEqual(new Set([`${view.id}.2`]));
  });

  it("is not made while names mean what the catalogue does not tell", () => {
    const planned = planMasks(
      { reach: [customers.id], columns: [], opaque: false, copy: null, results: [null], unsettled: true },
      catalogue,
      masks,
    );
    expect(planned.outcome === "plan" && planned.masks?.results).toBeUndefined();
  });
});

describe("the stricter of two masks", () => {
  const any = fc.constantFrom<Mask | null>(
    null,
    redact,
    email,
    phone,
    { method: "null" },
    { method: "hash" },
    { method: "fixed", value: "a" },
    { method: "fixed", value: "b" },
    { method: "tokenize", purpose: "p" },
  );

  it("does not mind the order, and is never none where one is", () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(stricter(a, b)).toEqual(stricter(b, a));
        expect(stricter(a, b) === null).toBe(a === null && b === null);
        expect(stricter(a, a)).toEqual(a);
      }),
    );
  });
});
