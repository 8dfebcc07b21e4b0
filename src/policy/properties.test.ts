import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effects } from "../vocabulary/index.js";
import { approvedBy, document, setOf } from "./testing/documents.js";
import { analysisOf, connectionNamed, mondayMorning, situationOf, subjectIn } from "./testing/situations.js";

const effectList = fc.subarray([...effects], { minLength: 1 });
const groups = ["engineers", "sales", "ops"];
const who = fc.option(
  fc.subarray(groups, { minLength: 1 }).map((group) => ({ group })),
  { nil: undefined },
);
const when = fc.oneof(
  effectList.map((any) => ({ effects: { any } })),
  fc.constant({ time: { hours: "09:00-12:00" } }),
  fc.constantFrom("anna", "ben").map((name) => ({ cel: `subject.name == "${name}"` })),
  fc.constant({ relations: { any: "public.pay*" } }),
);
const rule = fc.oneof(
  fc.record({ kind: fc.constant("access"), who, effects: effectList }).map(({ kind, ...spec }) => ({
    kind,
    spec: { where: "everywhere", ...spec, who: spec.who ?? "everyone" },
  })),
  fc.record({ who, when, action: fc.constantFrom("deny", "hold", "challenge") }).map((spec) => ({
    kind: "guard",
    spec: {
      ...spec,
      ...(spec.action === "hold" ? { hold: approvedBy("leads") } : null),
      ...(spec.action === "challenge" ? { challenge: { fresh: "5m" } } : null),
    },
  })),
  fc.record({ who, when, action: fc.constantFrom("stop", "warn") }).map((spec) => ({
    kind: "budget",
    spec: { ...spec, measure: "rows", limit: 10, per: "day" },
  })),
);
const documents = fc
  .array(rule, { maxLength: 8 })
  .map((rules) =>
    rules.map(({ kind, spec }, at) => document(kind, `r${at}`, JSON.parse(JSON.stringify(spec)) as object)),
  );
const situation = fc
  .record({
    effects: fc.subarray([...effects]),
    relation: fc.constantFrom("public.pay", "public.orders", "?.pay"),
    groups: fc.subarray(groups),
    hour: fc.integer({ min: 0, max: 23 }),
    age: fc.option(fc.integer({ min: 0, max: 600_000 })),
    used: fc.integer({ min: 0, max: 20 }),
  })
  .map(({ effects: does, relation, groups: mine, hour, age, used }) =>
    situationOf({
      subject: subjectIn(mine),
      connection: connectionNamed("pg-demo"),
      analysis: analysisOf({
        effects: does,
        resources: [{ kind: "relation", name: relation, access: "read" }],
        unknowns: does.includes("unknown") ? ["something"] : [],
      }),
      now: mondayMorning + hour * 3_600_000,
      freshness: () => age,
      usage: () => used,
    }),
  );

describe("deciding, whatever the rules", () => {
  it("has no regard for the order of documents", () => {
    fc.assert(
      fc.property(documents, situation, fc.infiniteStream(fc.nat()), (given, asked, numbers) => {
        const shuffled = given
          .map((one) => [numbers.next().value as number, one] as const)
          .sort(([a], [b]) => a - b)
          .map(([, one]) => one);
        const { verdict, charges } = setOf(...given).decide(asked);
        const again = setOf(...shuffled).decide(asked);
        expect(again.verdict).toEqual(verdict);
        expect(again.charges).toEqual(charges);
      }),
      { numRuns: 300 },
    );
  });

  it("lets a denial win: with one more guard that catches everything, nothing passes", () => {
    fc.assert(
      fc.property(documents, situation, (given, asked) => {
        const set = setOf(...given, document("guard", "last", { action: "deny" }));
        expect(set.decide(asked).verdict.outcome).toBe("deny");
      }),
    );
  });

  it("allows, holds and challenges only what an access rule allows", () => {
    fc.assert(
      fc.property(documents, situation, (given, asked) => {
        const bare = given.filter((one) => (one as { kind: string }).kind !== "access");
        expect(setOf(...bare).decide(asked).verdict.outcome).toBe("deny");
      }),
    );
  });

  it("decides the same a second time, from what it kept of the first", () => {
    fc.assert(
      fc.property(documents, situation, situation, (given, asked, other) => {
        const set = setOf(...given);
        const at = { ...other, subject: asked.subject, connection: asked.connection, analysis: asked.analysis };
        set.decide(at);
        const { verdict } = set.decide(asked);
        expect(setOf(...given).decide(asked).verdict).toEqual(verdict);
      }),
      { numRuns: 300 },
    );
  });
});
