import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { approvedBy, document, readWrite, setOf } from "./testing/documents.js";
import { mondayMorning, situationOf } from "./testing/situations.js";

const write = { effects: ["write"] as const };
const guard = (name: string, spec: object) => document("guard", name, { when: { effects: { any: "write" } }, ...spec });
const told = (set: ReturnType<typeof setOf>, parts: Parameters<typeof situationOf>[0] = write) => {
  const { verdict, shadows } = set.decide(situationOf(parts));
  return { outcome: verdict.outcome, shadows: shadows?.map(({ rule, outcome }) => `${rule}: ${outcome}`) };
};

describe("rules in shadow mode", () => {
  it("tell what they would have done, and do nothing", () => {
    const set = setOf(
      readWrite,
      guard("no", { action: "deny", mode: "shadow" }),
      guard("ask", { action: "challenge", challenge: { fresh: "1m" }, mode: "shadow" }),
      guard("wait", { action: "hold", hold: approvedBy("leads"), mode: "shadow" }),
    );
    expect(told(set)).toEqual({ outcome: "allow", shadows: ["no: deny", "ask: challenge", "wait: hold"] });
    expect(told(set, { effects: ["read"] })).toEqual({ outcome: "allow", shadows: undefined });
  });

  it("tell only what is stricter than what happened", () => {
    const set = setOf(
      readWrite,
      guard("held", { action: "hold", hold: approvedBy("leads") }),
      guard("no", { action: "deny", mode: "shadow" }),
      guard("wait", { action: "hold", hold: approvedBy("leads"), mode: "shadow" }),
    );
    expect(told(set)).toEqual({ outcome: "hold", shadows: ["no: deny"] });
    expect(
      told(setOf(readWrite, guard("n", { action: "deny" }), guard("o", { action: "deny", mode: "shadow" }))),
    ).toEqual({
      outcome: "deny",
      shadows: undefined,
    });
  });

  it("tell of access that is missing, unless a guard refuses all the same", () => {
    const spec = { who: "everyone", where: "everywhere", effects: "write", mode: "shadow" };
    const opens = document("access", "opens", spec);
    expect(told(setOf(opens))).toEqual({ outcome: "deny", shadows: ["opens: allow"] });
    expect(told(setOf(opens, guard("held", { action: "hold", hold: approvedBy("leads") })))).toEqual({
      outcome: "deny",
      shadows: ["opens: hold"],
    });
    expect(told(setOf(opens, guard("no", { action: "deny" })))).toEqual({ outcome: "deny", shadows: undefined });
  });

  it("tell of masks, and mask nothing", () => {
    const set = setOf(readWrite, document("mask", "m", { columns: "email", mask: { method: "null" }, mode: "shadow" }));
    const situation = situationOf({
      resources: [{ kind: "column", name: "public.customers.email", access: "read" }],
    });
    expect(set.masksFor(situation.subject, situation.connection, 0).masks).toEqual([]);
    expect(set.decide(situation).shadows).toEqual([
      {
        rule: "m",
        outcome: "allow",
        reasons: [{ rule: "m", code: "would-mask", text: 'mask "m" would mask public.customers.email' }],
      },
    ]);
  });

  it("make a decision rest on the clock where they look at it, so that a cached one never tells an old story", () => {
    const night = { effects: { any: "write" }, time: { hours: "22:00-06:00" } };
    const set = setOf(readWrite, document("guard", "night", { when: night, action: "deny", mode: "shadow" }));
    expect([...set.decide(situationOf(write)).dependsOn]).toEqual(["shape", "clock"]);
    expect(told(set, { ...write, now: mondayMorning + 13 * 3_600_000 }).shadows).toEqual(["night: deny"]);
    expect(told(set).shadows).toBeUndefined();
  });

  it("never change an outcome, nor do rules that are off", () => {
    const effect = fc.constantFrom("read", "write", "destroy");
    const rule = fc.record({ kind: fc.constantFrom("deny", "hold", "challenge", "access", "stop"), any: effect });
    const documentOf = ({ kind, any }: { kind: string; any: string }, name: string, mode: string) => {
      if (kind === "access")
        return document("access", name, { who: "everyone", where: "everywhere", effects: any, mode });
      const when = { effects: { any } };
      if (kind === "stop")
        return document("budget", name, { when, measure: "rows", limit: 1, per: "day", action: "stop", mode });
      const terms =
        kind === "hold" ? { hold: approvedBy("leads") } : kind === "challenge" ? { challenge: { fresh: "1m" } } : {};
      return document("guard", name, { when, action: kind, ...terms, mode });
    };
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), fc.array(rule, { maxLength: 5 }), effect, (real, other, does) => {
        const enforced = real.map((one, at) => documentOf(one, `r${at}`, "enforce"));
        const with_ = (mode: string) => setOf(...enforced, ...other.map((one, at) => documentOf(one, `o${at}`, mode)));
        const situation = situationOf({ effects: [does] });
        const { policyVersion: _, ...alone } = setOf(...enforced).decide(situation).verdict;
        for (const mode of ["shadow", "off"]) {
          const { policyVersion: __, ...together } = with_(mode).decide(situation).verdict;
          expect(together).toEqual(alone);
        }
      }),
    );
  });
});
