import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ColumnMask, MaskPlan } from "../vocabulary/index.js";
import type { PlanInput } from "./plan.js";
import { planMasks } from "./plan-masks.js";
import { catalogueOf, relationOf } from "./testing/catalogue.js";

const redact = { method: "redact" } as const;
const email = { method: "partial", as: "email" } as const;
const masks: readonly ColumnMask[] = [
  { rule: "mask-email", pattern: "*.*.email", mask: email },
  { rule: "mask-ssn", pattern: "public.staff.SSN", mask: redact },
];

const customers = relationOf({ id: 20_001, name: "customers", columns: ["id", "name", "email"] });
const orders = relationOf({ id: 20_002, name: "orders", columns: ["id", "customer", "total"] });
const staff = relationOf({ id: 20_003, name: "staff", columns: ["id", "ssn", "Email"] });
const view = relationOf({ id: 20_004, name: "v", kind: "view", columns: ["id", "contact"], reads: [20_001] });
const viewOfView = relationOf({ id: 20_005, name: "vv", kind: "view", columns: ["contact"], reads: [20_004] });
const harmless = relationOf({ id: 20_006, name: "totals", kind: "view", columns: ["total"], reads: [20_002] });
const foreign = relationOf({ id: 20_007, name: "remote", kind: "foreign", columns: ["x"] });
const sequence = relationOf({ id: 20_008, name: "orders_id_seq", kind: "sequence", columns: ["last_value"] });
const parent = relationOf({ id: 20_010, name: "people", kind: "partitioned", columns: ["id", "email"] });
const child = relationOf({ id: 20_011, name: "people_de", columns: ["email", "id", "ssn"], parents: [20_010] });
const grandchild = relationOf({ id: 20_012, name: "people_de_1", columns: ["id", "email"], parents: [20_011] });
const activity = relationOf({
  id: 12_345,
  schema: "pg_catalog",
  name: "pg_stat_activity",
  kind: "view",
  columns: ["pid", "query"],
  definition: null,
});
const toast = relationOf({
  id: 20_020,
  schema: "pg_toast",
  name: "pg_toast_20001",
  kind: "other",
  columns: ["chunk_id", "chunk_data"],
});
const settings = relationOf({ id: 12_346, schema: "pg_catalog", name: "pg_user", columns: ["email"] });
const catalogue = catalogueOf([
  customers,
  orders,
  staff,
  view,
  viewOfView,
  harmless,
  foreign,
  sequence,
  parent,
  child,
  grandchild,
  activity,
  toast,
  settings,
]);

const input = (parts: Partial<PlanInput>): PlanInput => ({
  reach: [],
  columns: [],
  opaque: false,
  copy: null,
  ...parts,
});
const reads = (relation: { id: number } | null, name: string, use: PlanInput["columns"][number]["use"]) => ({
  relation: relation?.id ?? null,
  name,
  use,
});

function planOf(parts: Partial<PlanInput>, rules = masks): MaskPlan | null {
  const planned = planMasks(input(parts), catalogue, rules);
  if (planned.outcome === "deny") throw new Error(planned.reasons[0]!.text);
  return planned.masks;
}

describe("planning masks", () => {
  it("leaves bytes untouched when nothing sensitive is in reach", () => {
    expect(planOf({})).toBeNull();
    expect(planOf({ reach: [orders.id], columns: [reads(orders, "total", "computed")] })).toBeNull();
    expect(planOf({ reach: [harmless.id, orders.id] })).toBeNull();
    expect(planOf({ reach: [1259, 2615] })).toBeNull();
    expect(planOf({ reach: [customers.id], opaque: true }, [])).toBeNull();
  });

  it("masks plain columns of base tables by their keys, and lets other columns pass", () => {
    const plan = planOf({
      reach: [customers.id, orders.id],
      columns: [reads(customers, "email", "output"), reads(orders, "total", "output")],
    })!;
    expect(plan.columns.get(`${customers.id}.3`)).toEqual(email);
    expect(plan.columns.has(`${customers.id}.1`)).toBe(false);
    expect(plan.proven).toEqual(new Set([String(customers.id), String(orders.id)]));
    expect(plan.others).toBeNull();
    expect(plan.text).toEqual(redact);
    expect(plan.copy).toBeNull();
  });

  it("does not mind the case of a name", () => {
    const plan = planOf({ reach: [staff.id] })!;
    expect([plan.columns.get(`${staff.id}.2`), plan.columns.get(`${staff.id}.3`)]).toEqual([redact, email]);
  });

  it.each([
    ["an expression of it", [reads(customers, "email", "computed")], true],
    ["a whole row", [reads(customers, "*", "computed")], true],
    ["an unresolved name", [reads(null, "email", "computed")], true],
    ["an unresolved star", [reads(null, "*", "computed")], true],
    ["an expression of another column", [reads(customers, "name", "computed")], false],
    ["an unresolved name of another column", [reads(null, "name", "computed")], false],
    ["a predicate on another column", [reads(customers, "name", "predicate")], false],
    ["whether it is NULL", [reads(customers, "email", "presence")], false],
    ["a value written to it", [reads(customers, "email", "target")], false],
    ["a plain star", [reads(customers, "*", "output")], false],
  ] as const)("masks expressions whole because of %s: %#", (_what, columns, masked) => {
    expect(planOf({ reach: [customers.id], columns })!.others).toEqual(masked ? redact : null);
  });

  it("counts a relation that is referred to as reached", () => {
    expect(planOf({ reach: [], columns: [reads(customers, "email", "computed")] })!.others).toEqual(redact);
  });

  it.each([
    ["a view that reads it", [view.id, customers.id]],
    ["a view whose reach was not followed", [view.id]],
    ["a view of a view", [viewOfView.id]],
    ["a view beside it", [harmless.id, orders.id, customers.id]],
    ["a foreign table", [foreign.id]],
    ["a relation that the catalogue does not have", [29_999]],
    ["a system view that shows statements", [activity.id]],
    ["a toast table", [toast.id]],
    ["statistics that the catalogue does not list", [2619]],
  ])("masks whole what comes from %s", (_what, reach) => {
    const plan = planOf({ reach })!;
    expect(plan.others).toEqual(redact);
    for (const relation of reach) {
      expect(plan.proven.has(String(relation))).toBe([customers.id, orders.id].includes(relation));
    }
  });

  it("masks everything that is not plain when something opaque is called", () => {
    const plan = planOf({ opaque: true })!;
    expect([plan.others, plan.text]).toEqual([redact, redact]);
    const harmlessOnly = catalogueOf([orders]);
    expect(planMasks(input({ opaque: true, reach: [orders.id] }), harmlessOnly, masks)).toEqual({
      outcome: "plan",
      masks: null,
    });
  });

  it("lets a sequence be", () => {
    expect(planOf({ reach: [sequence.id] })).toBeNull();
    expect(planOf({ reach: [sequence.id, customers.id] })!.others).toBeNull();
  });

  it("covers partitions and children by a rule on the parent", () => {
    const plan = planOf({ reach: [parent.id] }, [{ rule: "r", pattern: "public.people.email", mask: redact }])!;
    expect([...plan.columns.keys()].sort()).toEqual([`${parent.id}.2`, `${child.id}.1`, `${grandchild.id}.2`].sort());
  });

  it("masks the parent's column by a rule on a child, and a more specific rule wins", () => {
    const hash = { method: "hash" } as const;
    const rules: ColumnMask[] = [
      { rule: "child", pattern: "public.people_de_1.email", mask: hash },
      { rule: "all", pattern: "*.*.email", mask: email },
    ];
    const plan = planOf({ reach: [parent.id] }, rules)!;
    expect(plan.columns.get(`${parent.id}.2`)).toEqual(hash);
    expect(plan.columns.get(`${customers.id}.3`)).toEqual(email);
    const only = planOf({ reach: [parent.id] }, rules.slice(0, 1))!;
    expect(only.columns.get(`${parent.id}.2`)).toEqual(hash);
    expect(only.columns.get(`${child.id}.1`)).toEqual(hash);
  });

  it("means users' tables by a star, and the system's only when named", () => {
    expect(planOf({ reach: [settings.id] })).toBeNull();
    expect(
      planOf({ reach: [settings.id] }, [{ rule: "r", pattern: "pg_catalog.*.email", mask: redact }])!.columns.size,
    ).toBe(1);
  });

  it("names the columns of a copy in order", () => {
    const copy = [
      { relation: customers.id, column: 3 },
      { relation: customers.id, column: 1 },
    ];
    expect(planOf({ reach: [customers.id], copy })!.copy).toEqual([`${customers.id}.3`, `${customers.id}.1`]);
    expect(planOf({ reach: [orders.id], copy: [{ relation: orders.id, column: 1 }] })).toBeNull();
  });

  it("masks a copied query whole, for nothing describes its columns", () => {
    const columns = [reads(customers, "name", "output")];
    expect(planOf({ reach: [customers.id], columns, copyQuery: "select name from customers" })!.others).toEqual(redact);
    expect(planOf({ reach: [orders.id], copyQuery: "select total from orders" })).toBeNull();
  });
});

describe("a sensitive column that flows elsewhere", () => {
  const deny = (parts: Partial<PlanInput>, rules = masks) => planMasks(input(parts), catalogue, rules);

  it.each([
    ["itself", customers, "email", true],
    ["a star", customers, "*", true],
    ["a column of another case", staff, "email", false],
    ["another column", customers, "name", false],
    ["a column of a view of it", view, "id", true],
    ["a foreign table's", foreign, "x", true],
    ["a system view's statement", activity, "query", true],
    ["a sequence's", sequence, "last_value", false],
  ] as const)("%s: denied or not", (_what, relation, name, denied) => {
    const planned = deny({ reach: [relation.id], columns: [reads(relation, name, "sink")] });
    expect(planned.outcome).toBe(denied ? "deny" : "plan");
  });

  it("is denied with a code, the rule and the column", () => {
    const planned = deny({
      reach: [customers.id, orders.id],
      columns: [reads(customers, "email", "sink"), reads(orders, "total", "target")],
    });
    expect(planned).toEqual({
      outcome: "deny",
      reasons: [
        {
          rule: "mask-email",
          code: "sensitive-sink",
          text: "column email, which is masked for you or may show what is, would flow into something other than the result; a mask can only cover results",
        },
      ],
    });
  });

  it("is denied when its origin is not known, by name or by star, and when anything might be it", () => {
    expect(deny({ reach: [customers.id], columns: [reads(null, "email", "sink")] }).outcome).toBe("deny");
    expect(deny({ reach: [customers.id], columns: [reads(null, "*", "sink")] }).outcome).toBe("deny");
    expect(deny({ reach: [customers.id], columns: [reads(null, "name", "sink")] }).outcome).toBe("plan");
    expect(deny({ reach: [29_999], columns: [reads({ id: 29_999 }, "a", "sink")] }).outcome).toBe("deny");
    expect(deny({ reach: [orders.id], opaque: true, columns: [reads(null, "a", "sink")] }).outcome).toBe("deny");
    expect(deny({ reach: [orders.id], opaque: true, columns: [reads(orders, "total", "sink")] }).outcome).toBe("plan");
  });

  it("is denied when a relation of the system that shows values is read while something is written", () => {
    const resources = [{ kind: "relation", name: "pg_catalog.pg_stats" }];
    expect(deny({ resources, columns: [reads(orders, "total", "target")] }).outcome).toBe("deny");
    expect(deny({ resources, columns: [reads(orders, "total", "output")] }).outcome).toBe("plan");
    expect(planOf({ resources })!.others).toEqual(redact);
    const harmlessOnly = catalogueOf([orders]);
    expect(
      planMasks(input({ resources, columns: [reads(orders, "total", "target")] }), harmlessOnly, masks).outcome,
    ).toBe("plan");
  });

  it("is nobody's business without a mask", () => {
    expect(deny({ reach: [customers.id], columns: [reads(customers, "email", "sink")] }, [])).toEqual({
      outcome: "plan",
      masks: null,
    });
  });
});

describe("plans over any analysis", () => {
  const ids = [...catalogue.relations.map((relation) => relation.id), 1259, 2619, 29_999];
  const names = ["id", "name", "email", "ssn", "query", "contact", "*"];
  const columns = fc.array(
    fc.record({
      relation: fc.option(fc.constantFrom(...ids)),
      name: fc.constantFrom(...names),
      use: fc.constantFrom("output", "computed", "predicate", "sink", "target"),
    }) as fc.Arbitrary<PlanInput["columns"][number]>,
    { maxLength: 6 },
  );
  const inputs = fc.record({ reach: fc.subarray(ids), columns, opaque: fc.boolean(), copy: fc.constant(null) });

  it("never let a sensitive value pass as it is", () => {
    fc.assert(
      fc.property(inputs, (one) => {
        const planned = planMasks(one, catalogue, masks);
        const emailTables = [customers.id, parent.id, child.id, grandchild.id];
        const touches = (use: string) =>
          one.columns.some(
            (ref) =>
              ref.use === use &&
              (ref.name === "email" || ref.name === "*") &&
              ref.relation !== null &&
              emailTables.includes(ref.relation),
          );
        if (touches("sink")) expect(planned.outcome).toBe("deny");
        if (planned.outcome === "deny") return;
        const reached = new Set([...one.reach, ...one.columns.flatMap((ref) => ref.relation ?? [])]);
        const sensitive = emailTables.some((id) => reached.has(id));
        if (!sensitive) return;
        const plan = planned.masks!;
        for (const id of emailTables) {
          const relation = catalogue.relations.find((candidate) => candidate.id === id)!;
          const number = relation.columns.find((column) => column.name === "email")!.number;
          expect(plan.columns.has(`${id}.${number}`)).toBe(true);
        }
        if (touches("computed") || one.opaque || reached.has(view.id) || reached.has(foreign.id))
          expect(plan.others).toEqual(redact);
        for (const unproven of [view.id, viewOfView.id, foreign.id, activity.id, toast.id, 29_999])
          expect(plan.proven.has(String(unproven))).toBe(false);
        expect(plan.text).toEqual(redact);
      }),
      { numRuns: 500 },
    );
  });

  it("only ever mask more when the analysis knows less", () => {
    fc.assert(
      fc.property(inputs, (one) => {
        const sure = planMasks({ ...one, opaque: false }, catalogue, masks);
        const unsure = planMasks({ ...one, opaque: true }, catalogue, masks);
        if (sure.outcome === "deny") expect(unsure.outcome).toBe("deny");
        if (unsure.outcome === "plan") expect(unsure.masks?.others).toEqual(redact);
      }),
    );
  });

  it("are made once for the very same analysis, catalogue and masks", () => {
    const one = input({ reach: [customers.id] });
    expect(planMasks(one, catalogue, masks)).toBe(planMasks(one, catalogue, masks));
    expect(planMasks(one, { ...catalogue }, masks)).not.toBe(planMasks(one, catalogue, masks));
  });
});
