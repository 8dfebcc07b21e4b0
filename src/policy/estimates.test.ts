import { describe, expect, it } from "vitest";
import { connectAnalysis } from "./connect.js";
import type { PlanEstimate } from "./policy.js";
import { approvedBy, document, readWrite, setOf } from "./testing/documents.js";
import { connectionNamed, situationOf } from "./testing/situations.js";

const big = document("guard", "big", {
  when: { effects: { any: "write" }, estimatedRows: { over: 10_000 } },
  action: "hold",
  hold: approvedBy("leads"),
});
const plan = (rows: number, scans: PlanEstimate["scans"] = []): PlanEstimate => ({ rows, cost: 1, scans });
const write = { effects: ["write"] as const };

describe("rules that ask the planner", () => {
  it("ask only where everything else of the rule holds", () => {
    const set = setOf(readWrite, big);
    const asked = set.decide(situationOf(write));
    expect(asked.needs).toBe("estimate");
    expect(asked.verdict.outcome).toBe("deny");
    expect(asked.dependsOn.has("estimate")).toBe(true);
    const read = set.decide(situationOf({ effects: ["read"] }));
    expect(read.needs).toBeUndefined();
    expect([...read.dependsOn]).toEqual(["shape"]);
    const denied = document("guard", "no", { when: { effects: { any: "write" } }, action: "deny" });
    expect(setOf(readWrite, big, denied).decide(situationOf(write)).needs).toBeUndefined();
    expect(setOf(big).decide(situationOf(write)).needs).toBeUndefined();
  });

  it("never ask about the opening of a connection", () => {
    const connection = connectionNamed("pg-demo");
    const any = document("guard", "any", { when: { estimatedRows: { over: 5 } }, action: "deny" });
    const { verdict, needs } = setOf(readWrite, any).decide(
      situationOf({ connection, analysis: connectAnalysis(connection) }),
    );
    expect([verdict.outcome, needs]).toEqual(["allow", undefined]);
  });

  it("decide by what it says, and take an estimate that cannot be had for the worst", () => {
    const set = setOf(readWrite, big);
    const at = (estimate: PlanEstimate | null) => set.decide(situationOf({ ...write, estimate })).verdict.outcome;
    expect([at(plan(10_000)), at(plan(10_001)), at(null)]).toEqual(["allow", "hold", "hold"]);
  });

  it("allow what is small for sure", () => {
    const small = document("access", "small", {
      who: "everyone",
      where: "everywhere",
      effects: "read",
      when: { estimatedRows: { atMost: 100 } },
    });
    const set = setOf(small);
    expect(set.decide(situationOf()).needs).toBe("estimate");
    const at = (estimate: PlanEstimate | null) => set.decide(situationOf({ estimate })).verdict.outcome;
    expect([at(plan(100)), at(plan(101)), at(null)]).toEqual(["allow", "deny", "deny"]);
  });

  it("look for tables that are read from end to end", () => {
    const scan = (data: object) =>
      setOf(readWrite, document("guard", "scan", { when: { sequentialScan: data }, action: "deny" }));
    const at = (data: object, estimate: PlanEstimate) => scan(data).decide(situationOf({ estimate })).verdict.outcome;
    const events = plan(1, [{ relation: "public.events", rows: 5_000_000 }]);
    expect(at({ of: ["public.events"], rowsOver: 1_000_000 }, events)).toBe("deny");
    expect(at({ of: ["events"] }, events)).toBe("deny");
    expect(at({ of: ["public.other"] }, events)).toBe("allow");
    expect(at({ rowsOver: 5_000_000 }, events)).toBe("allow");
    expect(at({ of: ["Events"] }, events)).toBe("deny");
  });

  it("ask in shadow mode as well, for else nobody could tell what they would do", () => {
    const watching = document("guard", "w", { when: { estimatedRows: { over: 5 } }, action: "deny", mode: "shadow" });
    const set = setOf(readWrite, watching);
    expect(set.decide(situationOf(write)).needs).toBe("estimate");
    const { verdict, shadows } = set.decide(situationOf({ ...write, estimate: plan(6) }));
    expect(verdict.outcome).toBe("allow");
    expect(shadows).toMatchObject([{ rule: "w", outcome: "deny" }]);
  });
});
