import { describe, expect, it } from "vitest";
import { type Grant, subjectId } from "../vocabulary/index.js";
import { connectAnalysis } from "./connect.js";
import { approvedBy, document, setOf } from "./testing/documents.js";
import { connectionNamed, mondayMorning, situationOf, subjectIn } from "./testing/situations.js";

const request = (name: string, spec: object = {}) =>
  document("request", name, {
    who: { group: "engineers" },
    where: { label: { env: "prod" } },
    effects: ["read", "write"],
    longest: "4h",
    approve: approvedBy("leads"),
    ...spec,
  });
const connection = connectionNamed("pg-prod", { env: "prod" });
const anna = subjectIn(["engineers"]);
const grant: Grant = {
  id: "R-1",
  subject: anna.id,
  connections: [connection.id],
  effects: ["read"],
  since: mondayMorning,
  until: mondayMorning + 3_600_000,
};
const at = { subject: anna, connection, now: mondayMorning };

describe("access on request", () => {
  it("may be asked for under all terms that match, for the shortest of their times", () => {
    const set = setOf(request("a"), request("b", { longest: "1h", approve: approvedBy("owners") }));
    const terms = set.requestTerms(anna, connection, ["read"], mondayMorning);
    expect(terms?.maxMs).toBe(3_600_000);
    expect(terms?.terms.map(({ rule }) => rule)).toEqual(["a", "b"]);
    expect(set.requestTerms(anna, connection, ["destroy"], mondayMorning)).toBeNull();
    expect(set.requestTerms(anna, connection, [], mondayMorning)).toBeNull();
    expect(set.requestTerms(subjectIn(["sales"]), connection, ["read"], mondayMorning)).toBeNull();
    expect(set.requestTerms(anna, connectionNamed("pg-dev", { env: "dev" }), ["read"], mondayMorning)).toBeNull();
  });

  it("is nobody's to approve where a guard would refuse it all the same", () => {
    const frozen = document("guard", "frozen", { action: "deny" });
    expect(setOf(request("a"), frozen).requestTerms(anna, connection, ["read"], mondayMorning)).toBeNull();
  });

  it("is offered to whoever is refused for want of it", () => {
    const { verdict } = setOf(request("a")).decide(situationOf(at));
    expect(verdict.outcome).toBe("deny");
    expect(verdict.reasons.at(-1)).toEqual({
      rule: "a",
      code: "access-requestable",
      text: "access may be asked for: hoop review request pg-prod",
    });
    const destroy = setOf(request("a")).decide(situationOf({ ...at, effects: ["destroy"] }));
    expect(destroy.verdict.reasons.map(({ code }) => code)).toEqual(["no-access"]);
  });
});

describe("a grant", () => {
  const set = setOf();

  it("allows as an access rule does, to its subject, there, with its effects, until it ends", () => {
    const decide = (parts: object, given: Partial<Grant> = {}) =>
      set.decide(situationOf({ ...at, grants: [{ ...grant, ...given }], ...parts }));
    const allowed = decide({});
    expect(allowed.verdict).toMatchObject({ outcome: "allow", reasons: [{ rule: null, code: "granted" }] });
    expect([...allowed.dependsOn]).toEqual(["shape", "clock"]);
    expect(decide({ analysis: connectAnalysis(connection) }).verdict.outcome).toBe("allow");
    expect(decide({ effects: ["write"] }).verdict.outcome).toBe("deny");
    expect(decide({ unknowns: ["something"] }).verdict.outcome).toBe("deny");
    expect(decide({ now: grant.until }).verdict.outcome).toBe("deny");
    expect(decide({ now: grant.since - 1 }).verdict.outcome).toBe("deny");
    expect(decide({}, { connections: [] }).verdict.outcome).toBe("deny");
    expect(decide({}, { subject: subjectId("00000000-0000-4000-8000-0000000000ff") }).verdict.outcome).toBe("deny");
  });

  it("opens nothing that a guard refuses, and is held where a guard holds", () => {
    const guarded = setOf(document("guard", "no", { when: { effects: { any: "read" } }, action: "deny" }));
    expect(guarded.decide(situationOf({ ...at, grants: [grant] })).verdict.outcome).toBe("deny");
    const held = setOf(document("guard", "g", { on: "statements", action: "hold", hold: approvedBy("leads") }));
    expect(held.decide(situationOf({ ...at, grants: [grant] })).verdict.outcome).toBe("hold");
  });

  it("counts also when the same was refused a moment ago, without it", () => {
    const requestable = setOf(request("a"));
    const situation = situationOf(at);
    expect(requestable.decide(situation).verdict.outcome).toBe("deny");
    // Whoever keeps decisions must ask again: one may be granted at any moment.
    expect([...requestable.decide(situation).dependsOn]).toEqual(["shape", "clock"]);
    expect(requestable.decide({ ...situation, grants: [grant] }).verdict.outcome).toBe("allow");
    expect(set.decide(situation).verdict.outcome).toBe("deny");
    expect(set.decide({ ...situation, grants: [grant] }).verdict.outcome).toBe("allow");
  });
});

describe("values behind tokens on request", () => {
  const reveal = (name: string, spec: object = {}) =>
    document("request", name, {
      who: { group: "fraud" },
      reveal: "analytics",
      approve: approvedBy("privacy"),
      ...spec,
    });
  const mask = document("mask", "tokens", {
    columns: ["customers.card"],
    mask: { method: "tokenize", purpose: "analytics", as: "card", lastFour: true },
  });
  const otto = subjectIn(["fraud"]);

  it("may be asked for by purpose, under all terms that match, and by nobody else", () => {
    const set = setOf(reveal("a"), reveal("b", { reveal: ["analytics", "billing"] }), mask);
    const rules = (purpose: string, subject = otto) =>
      set.revealTerms(subject, purpose, mondayMorning)?.map(({ rule }) => rule);
    expect(rules("analytics")).toEqual(["a", "b"]);
    expect(rules("billing")).toEqual(["b"]);
    expect(rules("support")).toBeUndefined();
    expect(rules("analytics", anna)).toBeUndefined();
    expect(setOf(reveal("a", { mode: "shadow" })).revealTerms(otto, "analytics", mondayMorning)).toBeNull();
    expect(setOf(reveal("a", { except: { group: "fraud" } })).revealTerms(otto, "analytics", mondayMorning)).toBeNull();
    const late = reveal("late", { when: { time: { hours: "22:00-23:00", zone: "UTC" } } });
    expect(setOf(late).revealTerms(otto, "analytics", mondayMorning)).toBeNull();
    expect(set.explain()[0]!.text).toContain("may ask for the value behind a token of the purpose analytics; 1 of");
  });

  it("say in which forms tokens of a purpose are made", () => {
    const set = setOf(mask);
    const made = [{ rule: "tokens", pattern: "*.customers.card", as: "card", lastFour: true }];
    expect(set.tokenMakings("analytics", null)).toEqual(made);
    expect(set.tokenMakings("analytics", "public.customers.card")).toEqual(made);
    expect(set.tokenMakings("analytics", "customers.email")).toEqual([]);
    expect(set.tokenMakings("billing", null)).toEqual([]);
  });

  it("open no access, and are not offered to whoever is refused access", () => {
    const set = setOf(reveal("a", { who: "everyone" }));
    expect(set.requestTerms(otto, connection, ["read"], mondayMorning)).toBeNull();
    const refused = set.decide(situationOf({ ...at, analysis: connectAnalysis(connection) }));
    expect(refused.verdict.reasons.map(({ code }) => code)).toEqual(["no-access"]);
  });

  it("are a document of their own: access beside them is refused, and nothing at all too", () => {
    expect(() => setOf(reveal("a", { where: "everywhere" }))).toThrow("does not go together with `reveal`");
    expect(() => setOf(reveal("a", { effects: "read" }))).toThrow("does not go together with `reveal`");
    expect(() => setOf(reveal("a", { reveal: undefined }))).toThrow("say what may be asked for");
    expect(() => setOf(reveal("a", { reveal: "two words" }))).toThrow("one word");
  });
});
