import { describe, expect, it } from "vitest";
import { unmetCondition } from "./mask-conditions.js";

const budgets = [{ rule: "emails", statementsPerHour: 2 }];

describe("what a mask plan asks for each time", () => {
  it("is nothing where it asks for nothing", () => {
    expect(unmetCondition(undefined, { text: "select 1", values: null, phase: "statement" }, undefined)).toBeNull();
  });

  it("is a place in the budget of a rule; without a budget there is none", () => {
    const asked: [string, number][] = [];
    const budget = (rule: string, limit: number) => asked.push([rule, limit]) <= limit;
    const ask = { text: "select 1", values: null, phase: "statement" } as const;
    const one = () => unmetCondition({ budgets, written: [] }, ask, budget);
    expect([one(), one(), one()?.code]).toEqual([null, null, "masked-predicate-budget"]);
    expect(asked[0]).toEqual(["emails", 2]);
    expect(unmetCondition({ budgets, written: [] }, ask, undefined)?.rule).toBe("emails");
  });

  it("takes nothing for what is only prepared", () => {
    const ask = { text: "select 1", values: null, phase: "prepare" } as const;
    expect(unmetCondition({ budgets, written: [] }, ask, () => false)).toBeNull();
  });

  it("refuses a masked value that is written back", () => {
    const ask = { text: "update t set email = '***'", values: null, phase: "statement" } as const;
    const conditions = { budgets: [], written: [{ method: "redact" }] } as const;
    expect(unmetCondition(conditions, ask, undefined)?.code).toBe("masked-value-written");
    expect(unmetCondition(conditions, { ...ask, text: "update t set email = 'x@y.de'" }, undefined)).toBeNull();
  });
});
