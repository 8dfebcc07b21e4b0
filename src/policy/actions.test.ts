import { describe, expect, it } from "vitest";
import { connectAnalysis } from "./connect.js";
import { approvedBy, document, readWrite, setOf } from "./testing/documents.js";
import { connectionNamed, situationOf } from "./testing/situations.js";

const writes = { effects: { any: "write" } };
const held = document("guard", "held", {
  when: writes,
  action: "hold",
  hold: {
    approvals: [{ count: 2, groups: ["leads", "dbas"] }, { groups: "security" }],
    expires: "30m",
    useWithin: "5m",
    reasonRequired: true,
    inTransaction: "wait",
    rehearse: true,
    breakGlass: "on-call",
    escalate: { after: "10m", groups: "managers" },
  },
});
const challenged = document("guard", "challenged", {
  when: writes,
  action: "challenge",
  challenge: { fresh: "15m", expires: "2m" },
});
const denied = document("guard", "denied", { when: writes, action: "deny" });
const write = { effects: ["write"] as const };

describe("what a guard does", () => {
  it("holds under the terms that it names", () => {
    const { verdict, dependsOn } = setOf(readWrite, held).decide(situationOf(write));
    expect(verdict.outcome).toBe("hold");
    expect(verdict.reasons).toEqual([
      { rule: "held", code: "effects-matched", text: 'guard "held" holds this for review: it may write' },
    ]);
    expect(verdict.holds).toEqual([
      {
        rule: "held",
        approvals: [
          { count: 2, groups: ["leads", "dbas"] },
          { count: 1, groups: ["security"] },
        ],
        expiresMs: 30 * 60_000,
        useWithinMs: 5 * 60_000,
        reasonRequired: true,
        inTransaction: "wait",
        rehearse: true,
        breakGlass: ["on-call"],
        escalate: { afterMs: 10 * 60_000, groups: ["managers"] },
      },
    ]);
    expect([...dependsOn]).toEqual(["shape"]);
  });

  it("holds with safe terms where it names none", () => {
    const plain = document("guard", "plain", { when: writes, action: "hold", hold: approvedBy("leads") });
    expect(setOf(readWrite, plain).decide(situationOf(write)).verdict.holds).toMatchObject([
      { inTransaction: "refuse", rehearse: false, breakGlass: [], escalate: null, expiresMs: 3_600_000 },
    ]);
  });

  it("challenges until a second factor was answered lately enough", () => {
    const set = setOf(readWrite, challenged);
    const never = set.decide(situationOf(write));
    expect(never.verdict.outcome).toBe("challenge");
    expect(never.verdict.challenges).toEqual([{ rule: "challenged", freshMs: 900_000, expiresMs: 120_000 }]);
    expect([...never.dependsOn]).toEqual(["shape", "freshness"]);
    const at = (age: number | null) => set.decide(situationOf({ ...write, freshness: () => age })).verdict.outcome;
    expect([at(null), at(900_001), at(900_000), at(0)]).toEqual(["challenge", "challenge", "allow", "allow"]);
  });

  it("asks for all that is asked: denial, then the challenge, then every hold", () => {
    const also = document("guard", "also", { when: writes, action: "hold", hold: approvedBy("owners") });
    const fresh = { ...write, freshness: () => 0 };
    expect(setOf(readWrite, held, challenged, denied).decide(situationOf(fresh)).verdict.outcome).toBe("deny");
    expect(setOf(readWrite, held, challenged, also).decide(situationOf(write)).verdict.outcome).toBe("challenge");
    const { verdict } = setOf(readWrite, held, challenged, also).decide(situationOf(fresh));
    expect(verdict.outcome).toBe("hold");
    expect(verdict.holds?.map(({ rule }) => rule)).toEqual(["also", "held"]);
  });

  it("never holds or challenges what no access rule allows", () => {
    const set = setOf(held, challenged);
    const { verdict } = set.decide(situationOf(write));
    expect(verdict.outcome).toBe("deny");
    expect(verdict.reasons.map(({ code }) => code)).toEqual(["no-access"]);
  });

  it("holds what it cannot tell", () => {
    const all = document("access", "all", { who: "everyone", where: "everywhere", effects: ["read", "unknown"] });
    const { verdict } = setOf(all, held).decide(situationOf({ unknowns: ["dynamic SQL"] }));
    expect(verdict.outcome).toBe("hold");
    expect(verdict.reasons[0]!.text).toContain("cannot be told whether it may write (dynamic SQL)");
  });

  it("is about statements, access or both", () => {
    const connection = connectionNamed("pg-demo");
    const connect = situationOf({ connection, analysis: connectAnalysis(connection) });
    const statement = situationOf({ connection });
    const outcomes = (on: object) => {
      const set = setOf(readWrite, document("guard", "g", { ...on, action: "hold", hold: approvedBy("leads") }));
      return [set.decide(connect).verdict.outcome, set.decide(statement).verdict.outcome];
    };
    expect(outcomes({ on: "access" })).toEqual(["hold", "allow"]);
    expect(outcomes({ on: "statements" })).toEqual(["allow", "hold"]);
    expect(outcomes({})).toEqual(["hold", "hold"]);
  });
});
