import { describe, expect, it } from "vitest";
import { subjectId } from "../vocabulary/index.js";
import { unmetCondition } from "./mask-conditions.js";

const subject = { id: subjectId("00000000-0000-4000-8000-000000000001") };
const budgets = [{ rule: "emails", statementsPerHour: 2 }];

describe("what a mask plan asks for each time", () => {
  it("is nothing where it asks for nothing", () => {
    expect(
      unmetCondition(undefined, { text: "select 1", values: null, phase: "statement" }, subject, undefined),
    ).toBeNull();
  });

  it("is a place in the budget, for a rule and a person; without a budget there is none", () => {
    const asked: [string, number][] = [];
    const budget = (key: string, limit: number) => asked.push([key, limit]) <= limit;
    const ask = { text: "select 1", values: null, phase: "statement" } as const;
    const one = () => unmetCondition({ budgets, written: [] }, ask, subject, budget);
    expect([one(), one(), one()?.code]).toEqual([null, null, "masked-predicate-budget"]);
    expect(asked[0]).toEqual([`predicates emails ${subject.id}`, 2]);
    expect(unmetCondition({ budgets, written: [] }, ask, subject, undefined)?.rule).toBe("emails");
  });

  it("takes nothing for what is only prepared", () => {
    const ask = { text: "select 1", values: null, phase: "prepare" } as const;
    expect(unmetCondition({ budgets, written: [] }, ask, subject, () => false)).toBeNull();
  });

  it("refuses a masked value that is written back", () => {
    const ask = { text: "update t set email = '***'", values: null, phase: "statement" } as const;
    const conditions = { budgets: [], written: [{ method: "redact" }] } as const;
    expect(unmetCondition(conditions, ask, subject, undefined)?.code).toBe("masked-value-written");
    expect(
      unmetCondition(conditions, { ...ask, text: "update t set email = 'x@y.de'" }, subject, undefined),
    ).toBeNull();
  });
});
