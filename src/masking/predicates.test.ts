import { describe, expect, it } from "vitest";
import type { ColumnMask, PredicateRule } from "../vocabulary/index.js";
import type { PlanInput } from "./plan.js";
import { planMasks } from "./plan-masks.js";
import { catalogueOf, relationOf } from "./testing/catalogue.js";

const customers = relationOf({ id: 20_001, name: "customers", columns: ["id", "email", "ssn"] });
const orders = relationOf({ id: 20_002, name: "orders", columns: ["id", "contact"] });
const view = relationOf({ id: 20_003, name: "v", kind: "view", columns: ["mail"], reads: [20_001] });
const catalogue = catalogueOf([customers, orders, view]);

function planned(columns: PlanInput["columns"], predicates?: PredicateRule, more: Partial<PlanInput> = {}) {
  const masks: ColumnMask[] = [
    { rule: "emails", pattern: "customers.email", mask: { method: "redact" }, ...(predicates ? { predicates } : {}) },
    { rule: "numbers", pattern: "*.ssn", mask: { method: "redact" }, predicates: { statementsPerHour: 5 } },
  ];
  return planMasks({ reach: [customers.id], columns, opaque: false, copy: null, ...more }, catalogue, masks);
}

const by = (relation: number | null, name: string) => ({ relation, name, use: "predicate" }) as const;

describe("a statement that decides by a masked column", () => {
  it("is refused unless its rule says otherwise, and the reason names rule and column", () => {
    expect(planned([by(customers.id, "email")])).toMatchObject({
      outcome: "deny",
      reasons: [{ rule: "emails", code: "masked-predicate", text: expect.stringContaining("column email") }],
    });
    expect(planned([by(customers.id, "email")], "allow")).toMatchObject({ outcome: "plan" });
    expect(planned([by(customers.id, "email")], "allow")).not.toHaveProperty("conditions");
  });

  it("takes from the budget of its rule, the smallest where two count", () => {
    expect(planned([by(customers.id, "ssn")])).toMatchObject({
      conditions: { budgets: [{ rule: "numbers", statementsPerHour: 5 }] },
    });
    const two = planned([by(customers.id, "ssn"), by(customers.id, "email")], { statementsPerHour: 2 });
    expect(two).toMatchObject({
      conditions: { budgets: [{ rule: "numbers" }, { rule: "emails", statementsPerHour: 2 }] },
    });
  });

  it.each([
    ["another column", by(customers.id, "id"), "plan"],
    ["a whole row", by(customers.id, "*"), "deny"],
    ["a name that is not resolved", by(null, "email"), "deny"],
    ["something that is not resolved at all", by(null, "*"), "plan"],
    ["a column of another table", by(orders.id, "contact"), "plan"],
  ])("%s", (_what, column, outcome) => {
    expect(planned([column]).outcome).toBe(outcome);
  });

  it("whether there is a value decides nothing about it", () => {
    expect(planned([{ relation: customers.id, name: "email", use: "presence" }]).outcome).toBe("plan");
  });

  it("is named with the masks of the columns that it writes to", () => {
    const target = { relation: customers.id, name: "email", use: "target" } as const;
    expect(planned([target])).toMatchObject({ conditions: { budgets: [], written: [{ method: "redact" }] } });
    expect(planned([{ ...target, name: "id" }])).not.toHaveProperty("conditions");
  });
});
