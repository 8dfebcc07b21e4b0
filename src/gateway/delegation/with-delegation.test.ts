import { describe, expect, it } from "vitest";
import { compilePolicy } from "../../policy/compile.js";
import { connectAnalysis } from "../../policy/connect.js";
import type { BudgetKey } from "../../policy/index.js";
import { parseDocuments } from "../../policy/parse-documents.js";
import type { LivePolicySource } from "../../policy/source.js";
import { connectionNamed, mondayMorning, situationOf, subjectIn } from "../../policy/testing/situations.js";
import { type Bounds, type Subject, subjectId } from "../../vocabulary/index.js";
import { withDelegation } from "./with-delegation.js";

const document = (kind: string, name: string, spec: object) => ({
  apiVersion: "hoop/v1",
  kind,
  metadata: { name },
  spec,
});
const setOf = (...documents: readonly object[]) => {
  const set = compilePolicy(parseDocuments(JSON.stringify(documents)));
  return withDelegation({ current: () => set, watch: () => () => {} } as unknown as LivePolicySource).current();
};

const person: Subject = { ...subjectIn(["engineers"], "ada"), id: subjectId("00000000-0000-4000-8000-00000000000a") };
const agentIn = (groups: readonly string[], bounds?: readonly Bounds[]): Subject => ({
  ...subjectIn(groups, "claude-ci", "agent"),
  onBehalfOf: person,
  ...(bounds === undefined ? {} : { bounds }),
});
const allow = (name: string, group: string, effects: readonly string[]) =>
  document("access", name, { who: { group }, where: "everywhere", effects });
const reads = allow("people-read", "engineers", ["read"]);
const writes = allow("agents-write", "agents", ["read", "write"]);

describe("a machine that acts for a person", () => {
  it("may do what both may, and nothing that one may not", () => {
    const set = setOf(reads, writes);
    const outcome = (subject: Subject, effects: ("read" | "write")[]) =>
      set.decide(situationOf({ subject, effects })).verdict.outcome;
    expect(outcome(agentIn(["agents"]), ["read"])).toBe("allow");
    // The agent may write, the person may not.
    expect(outcome(agentIn(["agents"]), ["write"])).toBe("deny");
    // The person may read, the agent nothing.
    expect(outcome(agentIn([]), ["read"])).toBe("deny");
    expect(outcome({ ...agentIn(["agents"]), onBehalfOf: undefined }, ["write"])).toBe("allow");
  });

  it("is let in only where both are", () => {
    const set = setOf(reads, writes);
    const connection = connectionNamed("pg-demo");
    const open = (subject: Subject) =>
      set.decide(situationOf({ subject, connection, analysis: connectAnalysis(connection) })).verdict.outcome;
    expect([
      open(agentIn(["agents"])),
      open(agentIn([])),
      open({ ...agentIn(["agents"]), onBehalfOf: { ...person, groups: [] } }),
    ]).toEqual(["allow", "deny", "deny"]);
  });

  it("has the roles at the target that both have; one whose rules say none bounds nothing", () => {
    const withRoles = (name: string, group: string, ...roles: string[]) =>
      document("access", name, { who: { group }, where: "everywhere", effects: ["read"], roles });
    const of = (subject: Subject, ...documents: readonly object[]) =>
      setOf(...documents).targetRoles(subject, connectionNamed("pg-demo"), mondayMorning);
    const [people, agents] = [withRoles("p", "engineers", "ro", "rw"), withRoles("a", "agents", "rw", "batch")];
    expect(of(agentIn(["agents"]), people, agents)).toEqual(["rw"]);
    expect(of(agentIn(["agents"]), people, withRoles("a", "agents", "batch"))).toEqual([]);
    expect(of(agentIn(["agents"]), people, writes)).toEqual(["ro", "rw"]);
    expect(of(agentIn(["agents"]), reads, agents)).toEqual(["batch", "rw"]);
    expect(of(agentIn(["agents"]), reads, writes)).toBeNull();
    expect(of({ ...agentIn(["agents"]), onBehalfOf: undefined }, people, agents)).toEqual(["batch", "rw"]);
  });

  it("is asked for all that either is asked for, the second factor first", () => {
    const held = (name: string, group: string) =>
      document("guard", name, {
        on: "statements",
        who: { group },
        action: "hold",
        hold: { approvals: { groups: ["dba"] } },
      });
    const challenged = document("guard", "factor", {
      on: "statements",
      who: { group: "engineers" },
      action: "challenge",
      challenge: { fresh: "15m" },
    });
    const both = allow("both", "agents", ["read"]);
    const set = setOf(reads, both, held("of-agents", "agents"), held("of-people", "engineers"));
    const { verdict } = set.decide(situationOf({ subject: agentIn(["agents"]) }));
    expect([verdict.outcome, verdict.holds?.map(({ rule }) => rule).sort()]).toEqual([
      "hold",
      ["of-agents", "of-people"],
    ]);
    const asking = setOf(reads, both, held("of-agents", "agents"), challenged);
    const before = asking.decide(situationOf({ subject: agentIn(["agents"]), freshness: () => null }));
    expect([before.verdict.outcome, before.verdict.holds]).toEqual(["challenge", undefined]);
    // Answered, the rest is asked for.
    const after = asking.decide(situationOf({ subject: agentIn(["agents"]), freshness: () => 1_000 }));
    expect(after.verdict.holds?.map(({ rule }) => rule)).toEqual(["of-agents"]);
  });

  it("spends of both budgets, and stops when either is used up", () => {
    const budget = document("budget", "rows", {
      measure: "rows",
      limit: 100,
      per: "day",
      of: "subject",
      action: "stop",
    });
    const set = setOf(reads, allow("both", "agents", ["read"]), budget);
    const used = (spent: Readonly<Record<string, number>>) =>
      set.decide(situationOf({ subject: agentIn(["agents"]), usage: ({ owner }: BudgetKey) => spent[owner] ?? 0 }));
    expect(
      used({})
        .charges?.map(({ key }) => key.owner)
        .sort(),
    ).toEqual(["ada", "claude-ci"]);
    expect([
      used({}).verdict.outcome,
      used({ ada: 100 }).verdict.outcome,
      used({ "claude-ci": 100 }).verdict.outcome,
    ]).toEqual(["allow", "deny", "deny"]);
  });

  it("sees what neither's masks hide, the stricter one where both do", () => {
    const mask = (name: string, group: string, columns: string, method: string) =>
      document("mask", name, { except: { group }, columns, mask: { method } });
    const set = setOf(
      // Spares agents; shows people the least specific.
      mask("of-people", "agents", "*.*.email", "redact"),
      // Spares people, and is more specific.
      mask("of-agents", "engineers", "public.customers.email", "partial"),
      mask("of-all", "nobody", "ssn", "null"),
    );
    const connection = connectionNamed("pg-demo");
    const masks = (subject: Subject) => set.masksFor(subject, connection, mondayMorning).masks.map(({ rule }) => rule);
    expect(masks({ ...agentIn(["agents"]), onBehalfOf: undefined })).toEqual(["of-agents", "of-all"]);
    expect(masks(person)).toEqual(["of-people", "of-all"]);
    // What hides most is found first, however specific the other is.
    expect(masks(agentIn(["agents"]))).toEqual(["of-all", "of-people", "of-agents"]);
    const one = set.masksFor(agentIn(["agents"]), connection, mondayMorning).masks;
    expect(set.masksFor(agentIn(["agents"]), connection, mondayMorning).masks).toBe(one);
  });

  it("asks for no access of its own, and sees no value behind a token", () => {
    const set = setOf(reads);
    expect(set.requestTerms(agentIn(["agents"]), connectionNamed("x"), ["read"], mondayMorning)).toBeNull();
    expect(set.revealTerms(agentIn(["agents"]), "any", mondayMorning)).toBeNull();
  });
});

describe("bounds", () => {
  const set = setOf(
    allow("all", "agents", ["read", "write", "define", "unknown"]),
    allow("people", "engineers", ["read", "write", "define", "unknown"]),
  );
  const decide = (bounds: Omit<Bounds, "of">, more: Parameters<typeof situationOf>[0] = {}) =>
    set.decide(situationOf({ subject: agentIn(["agents"], [{ of: 'key "x"', ...bounds }]), ...more }));

  it("keep a key to its connections, by name and label", () => {
    const at = (bounds: Bounds["connections"], name: string, labels = {}) =>
      decide({ connections: bounds }, { connection: connectionNamed(name, labels) }).verdict.outcome;
    expect([
      at([{ names: ["pg-*"] }], "pg-demo"),
      at([{ names: ["pg-*"] }], "mysql"),
      at([{ names: ["pg-*"] }], "my-pg-x"),
    ]).toEqual(["allow", "deny", "deny"]);
    expect([
      at([{ labels: { env: "dev" } }], "a", { env: "dev" }),
      at([{ labels: { env: "dev" } }], "a", { env: "prod" }),
    ]).toEqual(["allow", "deny"]);
    expect(at([{ names: ["pg-*"], labels: { env: "dev" } }], "pg-a", { env: "prod" })).toBe("deny");
    expect(at([{}], "pg-a")).toBe("deny");
    expect(at([], "pg-a")).toBe("deny");
  });

  it("let a reading key read, and nothing that could do more or could not be read", () => {
    const effects = (...list: ("read" | "write" | "define" | "execute")[]) =>
      decide({ readOnly: true }, { effects: list }).verdict;
    expect([
      effects("read").outcome,
      effects().outcome,
      effects("read", "write").outcome,
      effects("define").outcome,
    ]).toEqual(["allow", "allow", "deny", "deny"]);
    expect(effects("write").reasons[0]!.text).toBe('key "x" is for reading only, and this may write');
    expect(decide({ readOnly: true }, { effects: ["read"], unknowns: ["f is not known"] }).verdict.outcome).toBe(
      "deny",
    );
    // What cannot be judged cannot be bounded.
    expect(
      set
        .demands(agentIn(["agents"], [{ of: "x", readOnly: true }]), connectionNamed("x"))
        .some(({ rule, needs }) => rule === "read-only" && needs.includes("judge-statements")),
    ).toBe(true);
  });

  it("end by the clock, and say that they rest on it", () => {
    const until = mondayMorning + 1_000;
    const [before, after] = [decide({ until }), decide({ until }, { now: until })];
    expect([before.verdict.outcome, after.verdict.outcome, after.verdict.reasons[0]!.text]).toEqual([
      "allow",
      "deny",
      'key "x" has ended',
    ]);
    expect([before.dependsOn.has("clock"), after.dependsOn.has("clock")]).toEqual([true, true]);
  });

  it("of key and delegation count together", () => {
    const both: readonly Bounds[] = [
      { of: "key", connections: [{ names: ["pg-*"] }] },
      { of: "delegation", readOnly: true },
    ];
    const outcome = (name: string, effects: ("read" | "write")[]) =>
      set.decide(situationOf({ subject: agentIn(["agents"], both), connection: connectionNamed(name), effects }))
        .verdict.outcome;
    expect([outcome("pg-a", ["read"]), outcome("pg-a", ["write"]), outcome("other", ["read"])]).toEqual([
      "allow",
      "deny",
      "deny",
    ]);
  });

  it("leave people's own decisions untouched, to the object", () => {
    const plain = compilePolicy(parseDocuments(JSON.stringify([reads])));
    const wrapped = withDelegation({
      current: () => plain,
      watch: () => () => {},
    } as unknown as LivePolicySource).current();
    const situation = situationOf({ subject: person });
    expect(wrapped.decide(situation)).toBe(plain.decide(situation));
  });
});
