import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effects } from "../vocabulary/index.js";
import { compilePolicy } from "./compile.js";
import { connectAnalysis } from "./connect.js";
import { defaultDocuments } from "./defaults.js";
import { parseDocuments } from "./parse-documents.js";
import { simulate } from "./simulate.js";
import { connectionNamed, situationOf, subjectIn } from "./testing/situations.js";

const set = compilePolicy([
  ...defaultDocuments,
  ...parseDocuments(`
apiVersion: hoop/v1
kind: guard
metadata: { name: frozen-at-night }
spec: { when: { effects: { any: write }, time: { hours: "22:00-06:00" } }, action: deny }
---
apiVersion: hoop/v1
kind: access
metadata: { name: robots }
spec: { who: { kind: agent }, where: { connection: "pg-*" }, effects: read, when: { relations: { only: "public.*" }, time: { days: [mon] } } }
`),
]);

describe("simulating", () => {
  it("tells every rule's answer, criterion by criterion", () => {
    const simulation = simulate(set, situationOf({ effects: ["write"], attributes: { noWhere: ["delete"] } }));
    expect(simulation.decision.verdict.outcome).toBe("deny");
    const guard = simulation.rules.find((rule) => rule.rule === "destructive-needs-where")!;
    expect(guard).toMatchObject({ answer: "yes", counts: "denies", kind: "guard" });
    expect(guard.criteria).toEqual([
      {
        block: "where",
        clause: 0,
        criterion: "protocol",
        answer: "yes",
        code: "protocol-matched",
        text: "of protocol postgres or mysql",
      },
      {
        block: "when",
        clause: 0,
        criterion: "noWhere",
        answer: "yes",
        code: "no-where",
        text: "runs DELETE or UPDATE without WHERE",
      },
    ]);
    const read = simulation.rules.find((rule) => rule.rule === "engineers-read")!;
    expect(read.criteria.map((one) => `${one.block}.${one.criterion} ${one.answer}`)).toEqual([
      "who.group yes",
      "effects.effects no",
    ]);
  });

  it("asks an access rule only for the time when connecting", () => {
    const connection = connectionNamed("pg-demo");
    const situation = situationOf({
      connection,
      analysis: connectAnalysis(connection),
      subject: subjectIn([], "bot", "agent"),
    });
    const robots = simulate(set, situation).rules.find((rule) => rule.rule === "robots")!;
    expect(robots.counts).toBe("allows");
    expect(robots.criteria.map((one) => one.criterion)).toEqual(["kind", "connection", "time"]);
  });

  it("never disagrees with the decision", () => {
    const situation = fc
      .record({
        groups: fc.subarray(["engineers", "writers", "admins", "pii-readers"]),
        kind: fc.constantFrom("person" as const, "agent" as const),
        effects: fc.subarray([...effects]),
        noWhere: fc.subarray(["delete", "update"]),
        escapes: fc.subarray(["dblink"]),
        relation: fc.constantFrom("public.a", "audit.b", "?.c"),
        unknowns: fc.subarray(["x"]),
        now: fc.nat(4_000_000_000_000),
        connect: fc.boolean(),
      })
      .map((parts) => {
        const connection = connectionNamed("pg-demo");
        const { groups, kind, effects, noWhere, escapes, relation, unknowns, now, connect } = parts;
        return situationOf({
          subject: subjectIn(groups, "anna", kind),
          connection,
          now,
          ...(connect
            ? { analysis: connectAnalysis(connection) }
            : {
                effects,
                attributes: { noWhere, escapes },
                resources: [{ kind: "relation", name: relation, access: "read" }],
                unknowns,
              }),
        });
      });
    fc.assert(
      fc.property(situation, (one) => {
        const { decision, rules, masks } = simulate(set, one);
        const denied = rules.some((rule) => rule.counts === "denies");
        const allowed = rules.some((rule) => rule.counts === "allows");
        expect(decision.verdict.outcome).toBe(!denied && allowed ? "allow" : "deny");
        expect(decision.verdict.reasons.length).toBeGreaterThan(0);
        const masking = rules.filter((rule) => rule.counts === "masks").map((rule) => rule.rule);
        expect([...new Set(masks.map((mask) => mask.rule))].sort()).toEqual(masking.sort());
        // What a decision says it rests on is all that it rests on.
        if (!decision.dependsOn.has("clock")) {
          expect(set.decide({ ...one, now: one.now + 43_200_000 }).verdict.outcome).toBe(decision.verdict.outcome);
        }
      }),
    );
  });
});
