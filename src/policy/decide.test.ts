import { describe, expect, it } from "vitest";
import type { Reason } from "../vocabulary/index.js";
import { compilePolicy } from "./compile.js";
import { connectAnalysis } from "./connect.js";
import { parseDocuments } from "./parse-documents.js";
import { analysisOf, connectionNamed, mondayMorning, situationOf, subjectIn } from "./testing/situations.js";

const document = (kind: string, name: string, spec: object) => ({
  apiVersion: "hoop/v1",
  kind,
  metadata: { name },
  spec,
});
const setOf = (...documents: readonly object[]) => compilePolicy(parseDocuments(JSON.stringify(documents)));
const codes = (reasons: readonly Reason[]) => reasons.map((reason) => `${reason.rule}: ${reason.code}`);

const read = document("access", "read", {
  who: { group: "engineers" },
  where: { label: { env: "demo" } },
  effects: "read",
});
const night = { time: { hours: "22:00-06:00" } };

describe("deciding", () => {
  it("allows nothing that no access rule allows", () => {
    const { verdict } = setOf().decide(situationOf());
    expect(verdict.outcome).toBe("deny");
    expect(verdict.reasons).toEqual([{ rule: null, code: "no-access", text: "no access rule lets anna use pg-demo" }]);
    const stranger = setOf(read).decide(situationOf({ subject: subjectIn(["sales"]) }));
    expect(codes(stranger.verdict.reasons)).toEqual(["null: no-access"]);
    const elsewhere = setOf(read).decide(situationOf({ connection: connectionNamed("pg-prod", { env: "prod" }) }));
    expect(codes(elsewhere.verdict.reasons)).toEqual(["null: no-access"]);
  });

  it("allows what a rule covers, and names the rule and the set", () => {
    const set = setOf(read);
    const { verdict, dependsOn } = set.decide(situationOf());
    expect(verdict).toEqual({
      outcome: "allow",
      reasons: [{ rule: "read", code: "access-allowed", text: 'access "read" allows this' }],
      policyVersion: set.version,
    });
    expect([...dependsOn]).toEqual(["shape"]);
  });

  it("says which effect a rule does not cover", () => {
    const { verdict } = setOf(read).decide(situationOf({ effects: ["read", "write"] }));
    expect(verdict.reasons).toEqual([
      { rule: "read", code: "effects-not-allowed", text: 'access "read" allows read only, and this may write' },
    ]);
  });

  it("lets a statement that does nothing pass under any access", () => {
    expect(setOf(read).decide(situationOf({ effects: [] })).verdict.outcome).toBe("allow");
  });

  it("wants one rule to cover a statement alone", () => {
    const write = document("access", "write", { who: "everyone", where: "everywhere", effects: "write" });
    expect(setOf(read, write).decide(situationOf({ effects: ["read", "write"] })).verdict.outcome).toBe("deny");
  });

  it("refuses what could not be read, unless a rule names unknown itself", () => {
    const opaque = situationOf({ unknowns: ["the body of f cannot be read"] });
    const { verdict } = setOf(read).decide(opaque);
    expect(codes(verdict.reasons)).toEqual(["read: effects-unknown"]);
    expect(verdict.reasons[0]!.text).toContain("the body of f cannot be read");
    const bold = document("access", "bold", { who: "everyone", where: "everywhere", effects: ["read", "unknown"] });
    expect(setOf(bold).decide(opaque).verdict.outcome).toBe("allow");
    const guard = document("guard", "no-sleep", { when: { functions: { any: "pg_sleep" } }, action: "deny" });
    const caught = setOf(bold, guard).decide(opaque).verdict;
    expect(codes(caught.reasons)).toEqual(["no-sleep: functions-unknown"]);
    expect(caught.reasons[0]!.text).toContain("cannot be told whether it may touch function pg_sleep");
  });

  it("lets a guard win over every allow, with its own words", () => {
    const guard = document("guard", "needs-where", {
      when: { noWhere: "any" },
      action: "deny",
      reason: "say which rows",
    });
    const write = document("access", "write", { who: "everyone", where: "everywhere", effects: ["read", "write"] });
    const set = setOf(write, guard);
    const without = situationOf({ effects: ["write"], attributes: { noWhere: ["delete"] } });
    expect(set.decide(without).verdict).toMatchObject({
      outcome: "deny",
      reasons: [{ rule: "needs-where", code: "no-where", text: 'guard "needs-where" refuses this: say which rows' }],
    });
    expect(set.decide(situationOf({ effects: ["write"], attributes: { noWhere: [] } })).verdict.outcome).toBe("allow");
  });

  it("lets subjects pass that a guard excepts, and keeps out those that an access rule excepts", () => {
    const guard = document("guard", "all", { except: { group: "admins" }, action: "deny" });
    const access = document("access", "any", {
      who: "everyone",
      except: { subject: "bert" },
      where: "everywhere",
      effects: "read",
    });
    const set = setOf(access, guard);
    expect(codes(set.decide(situationOf()).verdict.reasons)).toEqual(["all: guarded"]);
    expect(set.decide(situationOf({ subject: subjectIn(["admins"]) })).verdict.outcome).toBe("allow");
    expect(codes(set.decide(situationOf({ subject: subjectIn(["admins"], "bert") })).verdict.reasons)).toEqual([
      "null: no-access",
    ]);
  });

  it("takes one of the clauses and all of a clause's criteria", () => {
    const guard = document("guard", "g", {
      when: [{ effects: { any: "write" }, relations: { any: "audit.*" } }, { functions: { any: "pg_sleep" } }],
      action: "deny",
    });
    const set = setOf(
      document("access", "a", { who: "everyone", where: "everywhere", effects: ["read", "write"] }),
      guard,
    );
    const touching = (name: string) => [{ kind: "relation" as const, name, access: "write" as const }];
    expect(set.decide(situationOf({ effects: ["write"], resources: touching("audit.log") })).verdict.outcome).toBe(
      "deny",
    );
    expect(set.decide(situationOf({ effects: ["write"], resources: touching("public.x") })).verdict.outcome).toBe(
      "allow",
    );
    expect(set.decide(situationOf({ effects: ["read"], resources: touching("audit.log") })).verdict.outcome).toBe(
      "allow",
    );
    const sleeping = [{ kind: "function" as const, name: "pg_catalog.pg_sleep", access: "execute" as const }];
    expect(set.decide(situationOf({ resources: sleeping })).verdict.outcome).toBe("deny");
  });

  it("leaves out documents that are switched off", () => {
    const off = document("access", "off", { enabled: false, who: "everyone", where: "everywhere", effects: "read" });
    expect(setOf(off).decide(situationOf()).verdict.outcome).toBe("deny");
  });

  it("tells at most a few reasons, however many guards there are", () => {
    const guards = Array.from({ length: 100 }, (_, i) => document("guard", `g${i}`, { action: "deny" }));
    expect(setOf(read, ...guards).decide(situationOf()).verdict.reasons.length).toBeLessThanOrEqual(8);
  });

  it("refuses two documents of one name", () => {
    const [one] = parseDocuments(JSON.stringify(read));
    expect(() => compilePolicy([one!, one!])).toThrow('two policy documents are named "read"');
  });
});

describe("opening a connection", () => {
  const connection = connectionNamed("pg-demo", { env: "demo" });
  const connect = { connection, analysis: connectAnalysis(connection) };

  it("is allowed by any access rule for subject and connection, whatever its effects", () => {
    const picky = document("access", "picky", {
      who: { group: "engineers" },
      where: "everywhere",
      effects: "read",
      when: { relations: { only: "public.*" } },
    });
    expect(setOf(picky).decide(situationOf(connect)).verdict.outcome).toBe("allow");
    expect(setOf(picky).decide(situationOf({ ...connect, subject: subjectIn([]) })).verdict.outcome).toBe("deny");
  });

  it("keeps to the hours of the rule", () => {
    const nightly = document("access", "nightly", {
      who: "everyone",
      where: "everywhere",
      effects: "read",
      when: night,
    });
    const { verdict } = setOf(nightly).decide(situationOf(connect));
    expect(codes(verdict.reasons)).toEqual(["nightly: time-not-matched"]);
    expect(
      setOf(nightly).decide(situationOf({ ...connect, now: mondayMorning + 13 * 3_600_000 })).verdict.outcome,
    ).toBe("allow");
  });

  it("is refused by a guard on connecting", () => {
    const closed = document("guard", "closed", { when: { effects: { any: "connect" } }, action: "deny" });
    expect(setOf(read, closed).decide(situationOf(connect)).verdict.outcome).toBe("deny");
    expect(setOf(read, closed).decide(situationOf()).verdict.outcome).toBe("allow");
  });

  it("is nothing that a statement can claim to be", () => {
    const lookalike = { ...connectAnalysis(connection) };
    expect(setOf(read).decide(situationOf({ analysis: lookalike })).verdict.outcome).toBe("deny");
  });
});

describe("what a decision depends on", () => {
  const anytime = document("access", "anytime", { who: "everyone", where: "everywhere", effects: "read" });
  const nightly = document("access", "nightly", {
    who: "everyone",
    where: "everywhere",
    effects: ["read", "write"],
    when: night,
  });

  it("is the clock only where the clock was looked at", () => {
    const set = setOf(nightly, anytime);
    expect([...set.decide(situationOf()).dependsOn]).toEqual(["shape"]);
    expect([...set.decide(situationOf({ effects: ["write"] })).dependsOn]).toEqual(["shape", "clock"]);
    expect([...set.decide(situationOf({ effects: ["admin"] })).dependsOn]).toEqual(["shape"]);
  });

  it("counts a guard's clock only when its other criteria did not say no", () => {
    const guard = document("guard", "frozen", { when: { effects: { any: "write" }, ...night }, action: "deny" });
    const set = setOf(anytime, guard);
    expect([...set.decide(situationOf()).dependsOn]).toEqual(["shape"]);
    expect([...set.decide(situationOf({ effects: ["write"] })).dependsOn]).toEqual(["shape", "clock"]);
  });

  it("never changes for equal shapes when it says shape", () => {
    const set = setOf(anytime, nightly);
    const analysis = analysisOf({ effects: ["read"] });
    const outcomes = Array.from({ length: 24 }, (_, hour) =>
      set.decide(situationOf({ analysis, now: mondayMorning + hour * 3_600_000 })),
    );
    expect(new Set(outcomes.map((one) => one.verdict.outcome)).size).toBe(1);
  });
});

describe("masks for a subject", () => {
  const mask = (name: string, columns: string | string[], method: string, more: object = {}) =>
    document("mask", name, { columns, mask: { method, ...(method === "fixed" ? { value: "x" } : {}) }, ...more });

  it("come most specific first, and of equals the one that shows least", () => {
    const set = setOf(
      mask("general", "email", "redact"),
      mask("table", "customers.email", "hash"),
      mask("exact", "public.customers.email", "partial"),
      mask("b-null", "public.customers.email", "null"),
      mask("broad", "*mail*", "redact"),
    );
    const { masks } = set.masksFor(subjectIn([]), connectionNamed("x"), mondayMorning);
    expect(masks.map((one) => one.rule)).toEqual(["b-null", "exact", "table", "general", "broad"]);
    expect(masks.map((one) => one.pattern)[3]).toBe("*.*.email");
  });

  it("are the same array for equal combinations of rules, whoever asks", () => {
    const set = setOf(mask("a", "email", "redact", { except: { group: "pii" } }), mask("b", "ssn", "null"));
    const one = set.masksFor(subjectIn(["x"]), connectionNamed("x"), 0).masks;
    expect(set.masksFor(subjectIn(["y"], "bert"), connectionNamed("y"), 1).masks).toBe(one);
    const excepted = set.masksFor(subjectIn(["pii"]), connectionNamed("x"), 0).masks;
    expect(excepted.map((mask) => mask.rule)).toEqual(["b"]);
  });

  it("may keep hours, and say so", () => {
    const set = setOf(
      mask("nightly", "email", "redact", { when: night }),
      mask("off", "ssn", "redact", { enabled: false }),
    );
    const day = set.masksFor(subjectIn([]), connectionNamed("x"), mondayMorning);
    expect([day.masks.length, [...day.dependsOn]]).toEqual([0, ["shape", "clock"]]);
    expect(set.masksFor(subjectIn([]), connectionNamed("x"), mondayMorning + 13 * 3_600_000).masks).toHaveLength(1);
  });
});
