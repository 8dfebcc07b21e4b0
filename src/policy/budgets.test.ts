import { describe, expect, it } from "vitest";
import { sessionId } from "../vocabulary/index.js";
import type { BudgetKey } from "./policy.js";
import { approvedBy, document, readWrite, setOf } from "./testing/documents.js";
import { situationOf, subjectIn } from "./testing/situations.js";

const budget = (name: string, spec: object) =>
  document("budget", name, { measure: "rows", limit: 100, per: "hour", action: "stop", ...spec });
const session = sessionId("00000000-0000-4000-8000-00000000000a");

describe("budgets", () => {
  it("charge what is let through, and stop what is over", () => {
    const set = setOf(readWrite, budget("exports", {}));
    const seen: BudgetKey[] = [];
    const at = (used: number) => {
      const usage = (key: BudgetKey) => {
        seen.push(key);
        return used;
      };
      return set.decide(situationOf({ usage }));
    };
    const under = at(99);
    expect(under.verdict.outcome).toBe("allow");
    const key = { rule: "exports", measure: "rows", window: "hour", owner: "anna" };
    expect(seen[0]).toEqual(key);
    expect(under.charges).toMatchObject([{ key, limit: 100 }]);
    expect(under.charges?.[0]?.then).toBe("stop");
    expect([...under.dependsOn]).toEqual(["shape", "budget"]);
    const over = at(100).verdict;
    expect(over.outcome).toBe("deny");
    expect(over.reasons).toEqual([
      {
        rule: "exports",
        code: "budget-used-up",
        text: 'budget "exports" allows 100 rows in an hour, and 100 are used up',
      },
    ]);
  });

  it("count as used up when nobody knows", () => {
    const { verdict } = setOf(readWrite, budget("exports", {})).decide(situationOf());
    expect(verdict.reasons.map(({ code }) => code)).toEqual(["budget-unknown"]);
    const perSession = setOf(readWrite, budget("exports", { per: "session" }));
    expect(perSession.decide(situationOf({ usage: () => 0 })).verdict.outcome).toBe("deny");
    expect(perSession.decide(situationOf({ usage: () => 0, session })).charges?.[0]?.key.owner).toBe(session);
  });

  it("count for a subject, each group named, or everybody", () => {
    const who = { group: ["engineers", "analysts", "sales"] };
    const owners = (of: string) =>
      setOf(readWrite, budget("b", { who, of }))
        .decide(situationOf({ subject: subjectIn(["engineers", "sales", "other"]), usage: () => 0 }))
        .charges?.map(({ key }) => key.owner);
    expect(owners("subject")).toEqual(["anna"]);
    expect(owners("group")).toEqual(["engineers", "sales"]);
    expect(owners("everyone")).toEqual(["*"]);
  });

  it("hold or warn, and never cut off what was approved past its limit", () => {
    const holding = setOf(readWrite, budget("b", { action: "hold", hold: approvedBy("leads") }));
    const held = holding.decide(situationOf({ usage: () => 100 }));
    expect(held.verdict).toMatchObject({ outcome: "hold", holds: [{ rule: "b" }] });
    expect(held.charges?.[0]?.then).toBe("count");
    expect(holding.decide(situationOf({ usage: () => 1 })).charges?.[0]?.then).toBe("stop");
    const warning = setOf(readWrite, budget("b", { action: "warn" })).decide(situationOf({ usage: () => 100 }));
    expect(warning.verdict.outcome).toBe("allow");
    expect(warning.verdict.reasons.map(({ code }) => code)).toEqual(["access-allowed", "budget-used-up"]);
  });

  it("count only what they are about, unknown too, and never the opening of a connection", () => {
    const set = setOf(readWrite, budget("b", { when: { relations: { any: "public.pay" } } }));
    const usage = () => 0;
    const of = (name: string) =>
      set.decide(situationOf({ usage, resources: [{ kind: "relation", name, access: "read" }] })).charges?.length ?? 0;
    expect([of("public.pay"), of("?.pay"), of("public.orders")]).toEqual([1, 1, 0]);
  });

  it("are watched without effect in shadow mode, and counted so that there is something to see", () => {
    const set = setOf(readWrite, budget("b", { mode: "shadow" }));
    const decision = set.decide(situationOf({ usage: () => 500 }));
    expect(decision.verdict.outcome).toBe("allow");
    expect(decision.shadows).toMatchObject([{ rule: "b", outcome: "deny" }]);
    expect(decision.charges?.map(({ then }) => then)).toEqual(["count"]);
  });
});
