import { describe, expect, it } from "vitest";
import { type BudgetStore, createBudgets } from "../budgets/index.js";
import { planMasks } from "../masking/index.js";
import type { BudgetCharge, BudgetKey, Decision } from "../policy/policy.js";
import type { Ask, Order } from "../protocol/index.js";
import type { EntryDraft } from "../recording/recorder.js";
import { connectionId, ruleId, type Subject, sessionId, subjectId } from "../vocabulary/index.js";
import { noCatalogue, plainAnalysis } from "./plain-analysis.js";
import { createSpending } from "./spending.js";

const id = (digit: string) => `00000000-0000-4000-8000-00000000000${digit}`;
const subject: Subject = { id: subjectId(id("1")), kind: "person", name: "ada", groups: [], version: 1 };
const ask = { text: "select 1" } as Ask;
const analysis = plainAnalysis({ shape: "s", effects: ["read"], resources: [], attributes: {}, unknowns: [] });

/** A store that nobody else writes to. */
const alone: BudgetStore = {
  add: async () => [],
  changed: async () => ({ counts: [], subjects: [], mark: "0" }),
  prune: async () => {},
};

function charge(name: string, more: Partial<BudgetKey> = {}, then: BudgetCharge["then"] = "stop"): BudgetCharge {
  return { key: { rule: ruleId(name), measure: "rows", window: "hour", owner: "ada", ...more }, limit: 3, then };
}

async function sessions() {
  const budgets = await createBudgets({
    store: alone,
    key: Buffer.alloc(32),
    log: { warn: () => {} },
    now: () => 3_600_000 * 1_000,
  });
  const orders: Order[] = [];
  const entries: EntryDraft[] = [];
  const recorder = {
    append: (entry: EntryDraft) => void entries.push(entry),
    flush: async () => {},
    healthy: () => true,
    close: async () => {},
  };
  const open = (digit: string) => {
    const session = sessionId(id(digit));
    const connection = { id: connectionId(id("9")), name: "pg" } as never;
    const asker = { session, login: "l", subject, connection };
    return createSpending({ budgets, planMasks, recorder }, asker, (order) => void orders.push(order));
  };
  const begin = (spending: ReturnType<typeof open>, charges: BudgetCharge[], statements = 1, more: Partial<Ask> = {}) =>
    spending.begin({ ...ask, ...more }, { charges } as unknown as Decision, { ...analysis, statements }, noCatalogue);
  return { budgets, orders, entries, open, begin };
}

function begun(result: ReturnType<ReturnType<typeof createSpending>["begin"]>) {
  if ("refused" in result || result.charging === null) throw new Error("it did not begin");
  return result.charging;
}

describe("spending", () => {
  it("counts rows of two sessions in one place, to the row, and says when there is room", async () => {
    const { open, begin, budgets } = await sessions();
    const [one, two] = [open("a"), open("b")].map((spending) => begun(begin(spending, [charge("exports")])));
    expect([one!.row(9), two!.row(9), one!.row(9), two!.row(9), one!.row(9)]).toEqual([true, true, true, false, false]);
    expect(two!.stopped()).toEqual({
      reasons: [
        {
          rule: "exports",
          code: "budget-used-up",
          text: 'budget "exports" allows 3 rows in an hour, and 3 are used up',
        },
      ],
      hint: "There is room again from 1970-02-11 17:00 UTC on, bit by bit.",
    });
    expect(one!.over(2, 18)).toMatchObject([{ rule: "exports", amount: 2, used: 3, limit: 3 }]);
    expect(one!.over(0, 0)).toBeUndefined();
    await budgets.close();
  });

  it("charges a row to none of two budgets when one has no room for it", async () => {
    const { open, begin, budgets } = await sessions();
    const [wide, narrow] = [charge("wide"), charge("narrow", { measure: "bytes" })];
    const charging = begun(begin(open("a"), [wide, narrow]));
    expect(charging.row(4)).toBe(false);
    expect([budgets.usage(wide.key), budgets.usage(narrow.key)]).toEqual([0, 0]);
    await budgets.close();
  });

  it("takes statements when they begin: several of a text, none for what was counted before", async () => {
    const { open, begin, budgets } = await sessions();
    const spending = open("a");
    const statements = charge("few", { measure: "statements" });
    begun(begin(spending, [statements], 2));
    expect(begin(spending, [statements], 2)).toMatchObject({ refused: [{ code: "budget-used-up" }] });
    begun(begin(spending, [statements], 1, { before: 7 }));
    begun(begin(spending, [statements], 1));
    expect(budgets.usage(statements.key)).toBe(3);
    await budgets.close();
  });

  it("warns once, in words and in the record, and stops nobody", async () => {
    const { open, begin, orders, entries, budgets } = await sessions();
    const charging = begun(begin(open("a"), [charge("loud", {}, "warn")]));
    for (let i = 0; i < 9; i++) expect(charging.row(1)).toBe(true);
    expect(orders).toEqual([{ kind: "notice", text: expect.stringContaining('budget "loud" allows 3 rows') }]);
    expect(entries).toMatchObject([{ kind: "warning" }]);
    await budgets.close();
  });

  it("charges what a protocol tells at the end only, when it does not ask row by row", async () => {
    const { open, begin, budgets } = await sessions();
    const bytes = charge("volume", { measure: "bytes" });
    expect(begun(begin(open("a"), [bytes])).over(0, 500)).toMatchObject([{ amount: 500, used: 500 }]);
    await budgets.close();
  });

  it("lets so many statements by a masked column pass an hour", async () => {
    const { open, budgets } = await sessions();
    const [one, two] = [open("a"), open("b")];
    expect([one.predicate("emails", 2), two.predicate("emails", 2), one.predicate("emails", 2)]).toEqual([
      true,
      true,
      false,
    ]);
    await budgets.close();
  });
});
