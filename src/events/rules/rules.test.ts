import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalogue, typeOf } from "../catalogue/index.js";
import type { EventDraft } from "../event.js";
import { compileRule, type Directory, type Rule } from "./compile.js";
import { dryRun } from "./dry-run.js";
import { explainReaction } from "./explain.js";
import { fieldOf, fieldsOf } from "./fields.js";
import { firingOf, guarded, maxDepth } from "./firing.js";
import { parseReactions } from "./parse.js";
import { planFiring } from "./plan-firing.js";
import { compileRules } from "./rule-set.js";
import { emptyWindow, stepWindow } from "./window.js";

const nobody: Directory = { subject: () => null, connection: () => null };
const text = (spec: string, name = "r") => `apiVersion: hoop/v1
kind: reaction
metadata: { name: ${name} }
spec:
${spec.replace(/^/gm, "  ")}
`;
function rule(spec: string, name?: string): Rule {
  const [parsed] = parseReactions(text(spec, name), "f.yaml");
  if (parsed?.kind !== "reaction") throw new Error("no reaction");
  return compileRule(parsed);
}
const sample = (type: string, more: Partial<EventDraft> = {}): EventDraft => ({ ...typeOf(type)!.sample, ...more });
const kill = "then:\n  - kill: {}";

describe("a rule that cannot be meant is refused", () => {
  it.each([
    ["on: nothing.happens\nthen:\n  - kill: {}", /line 5\).*spec\.on: unknown word "nothing\.happens"/],
    ["on: statement.denied\nwhen: 'data.rowz > 1'\nthen:\n  - kill: {}", /line 6\).*spec\.when.*No such key: rowz/],
    ["on: statement.denied\nwhen: 'data.shown'\nthen:\n  - kill: {}", /answers string, and must answer bool/],
    ["on: statement.denied\nwhen: 'data.shown.matches(\"(a+)+$\")'\nthen:\n  - kill: {}", /"matches" is not available/],
    [
      "on: statement.denied\nwhen: 'data.effects.exists(a, data.effects.exists(b, a == b))'\nthen:\n  - kill: {}",
      /inside another loop/,
    ],
    // Only what all of its types have.
    ["on: [statement.denied, session.opened]\nwhen: 'data.shown == \"x\"'\nthen:\n  - kill: {}", /No such key: shown/],
    ["on: statement.denied\nthen: []", /say what is done/],
    ["on: statement.denied\nthen:\n  - {}", /an action is one of/],
    ["on: statement.denied\nthen:\n  - kill: {}\n    pause: {}", /an action is one of/],
    ["on: user.changed\nwhere: { connection: pg }\nthen:\n  - revoke: { what: user }", /needs a connection/],
    ["on: session.opened\nstatement: { effects: { any: [write] } }\nthen:\n  - kill: {}", /needs a statement/],
    [
      "on: session.opened\nthen:\n  - run: { runbook: x, as: subject, with: { who: { field: subject.nam } } }",
      /unknown field "subject\.nam" \(did you mean "subject\.name"\?\)/,
    ],
    ["on: session.opened\ncount: { atLeast: 1, within: 5m }\nthen:\n  - kill: {}", /spec\.count\.atLeast/],
    ["on: session.opened\ncuont: { atLeast: 3, within: 5m }\nthen:\n  - kill: {}", /did you mean "count"\?/],
  ])("%s", (spec, words) => {
    expect(() => parseReactions(text(spec), "f.yaml")).toThrow(words);
  });

  it("costs its own effect only, where it is stored already", () => {
    const [good] = parseReactions(text(`on: session.opened\n${kill}`), "f.yaml");
    const set = compileRules({
      revision: 3,
      documents: [{ metadata: { name: "old" }, kind: "reaction" }, good!.document],
    });
    expect(set.rules.map(({ name }) => name)).toEqual(["r"]);
    expect([...set.problems.keys()]).toEqual(["old"]);
  });
});

describe("matching", () => {
  const denied = sample("statement.denied");
  it.each([
    [`on: statement.denied\n${kill}`, true],
    [`on: statement.held\n${kill}`, false],
    [`on: statement.denied\nwho: { group: engineers }\n${kill}`, true],
    [`on: statement.denied\nwho: { group: admins }\n${kill}`, false],
    [`on: statement.denied\nwhere: { connection: pg-* }\n${kill}`, true],
    [`on: statement.denied\nwhere: { connection: my-* }\n${kill}`, false],
    [`on: statement.denied\nstatement: { effects: { any: [destroy] } }\n${kill}`, true],
    [`on: statement.denied\nstatement: { relations: { only: [hr.*] } }\n${kill}`, false],
    [`on: statement.denied\nwhen: 'data.reasons.exists(r, r.rule == "no-deletes")'\n${kill}`, true],
    [`on: statement.denied\nwhen: 'data.reasons.exists(r, r.rule == "other")'\n${kill}`, false],
    [`on: statement.denied\nwhen: 'subject.name == "ada" && connection.like("pg-*")'\n${kill}`, true],
    [`on: [statement.slow, statement.denied]\nwhen: 'event.type == "statement.slow"'\n${kill}`, false],
  ])("%s: %s", (spec, answer) => {
    expect(rule(spec).matches(denied, nobody)).toBe(answer);
  });

  it("reads whole numbers as such", () => {
    const slow = sample("statement.slow");
    expect(rule(`on: statement.slow\nwhen: data.durationMs > 45000\n${kill}`).matches(slow, nobody)).toBe(false);
    expect(rule(`on: statement.slow\nwhen: data.durationMs >= 45000\n${kill}`).matches(slow, nobody)).toBe(true);
  });

  it("runs every type's sample through every field without an error", () => {
    for (const { type, sample: event } of catalogue) {
      const paths = fieldsOf([type]).filter((path) => path.startsWith("data."));
      for (const path of paths) expect(fieldOf(event, path)).toBeDefined();
    }
    expect(fieldOf(sample("agent.up"), "data.__proto__.x")).toBe("");
  });
});

describe("counting", () => {
  const counted = rule(`on: statement.denied\ncount: { atLeast: 3, within: 5m }\nquiet: 10m\n${kill}`);
  const minute = 60_000;
  function fires(times: readonly number[]): number[] {
    let window = emptyWindow;
    return times.filter((at, n) => {
      const stepped = stepWindow(counted, window, { id: String(n), at: at * minute });
      window = stepped.window;
      return stepped.fired !== null;
    });
  }

  it("fires at the third within five minutes, and is quiet for ten", () => {
    expect(fires([100, 101, 102])).toEqual([102]);
    expect(fires([100, 103, 106, 109])).toEqual([]);
    expect(fires([100, 101, 102, 103, 104, 105, 106, 107, 108])).toEqual([102]);
    expect(fires([100, 101, 102, 103, 113, 114, 115])).toEqual([102, 115]);
  });

  it("counts an event once, whatever its order", () => {
    const one = stepWindow(counted, emptyWindow, { id: "a", at: 1 });
    expect(stepWindow(counted, one.window, { id: "a", at: 1 }).window).toBe(one.window);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 }), (times) => {
        let window = emptyWindow;
        for (const [n, at] of times.entries()) {
          ({ window } = stepWindow(counted, window, { id: String(n), at: at * minute }));
          // Bounded by what it counts to, whatever comes.
          expect(window.hits.length).toBeLessThan(3);
        }
      }),
    );
  });

  it("keys by what it is counted by", () => {
    const event = sample("statement.denied");
    expect(counted.key(event)).not.toBe(counted.key({ ...event, subject: { id: "x", name: "bo" } }));
    expect(counted.key(event)).toBe(counted.key({ ...event, session: "other" }));
    // What stands in a name cannot make two keys one.
    const two = rule(`on: statement.denied\nby: [connection, session]\n${kill}`);
    expect(two.key({ ...event, connection: 'a","b', session: "c" })).not.toBe(
      two.key({ ...event, connection: "a", session: 'b","c' }),
    );
  });

  it("says in a dry run what it would have done", async () => {
    async function* events() {
      for (let n = 0; n < 7; n++) yield sample("statement.denied", { id: String(n), at: n * minute });
    }
    const found = await dryRun(counted, events(), nobody);
    expect(found).toMatchObject({ looked: 7, matched: 7, quiet: 1, guarded: 0 });
    expect(found.firings.map(({ event }) => event.id)).toEqual(["2"]);
  });
});

describe("firing", () => {
  it("is the same for the same event, and each of its actions is", () => {
    const one = rule(
      `on: statement.denied\nthen:\n  - pause: {}\n  - run: { runbook: note, as: { machine: bot }, with: { who: { field: subject.name }, n: 3 } }\n  - requireReview: { for: 1h, hold: { approvals: { groups: dba } } }\n  - kill: { scope: subject }`,
    );
    const event = sample("statement.denied");
    const plan = planFiring(one, firingOf(one, event, { events: [event.id], quiet: 0 }), new Map());
    expect(planFiring(one, firingOf(one, event, { events: [event.id], quiet: 0 }), new Map())).toEqual(plan);
    expect(plan.restraints.map(({ kind, session, subject }) => [kind, session, subject])).toEqual([
      ["pause", event.session, null],
      ["review", null, event.subject!.id],
      ["kill", null, event.subject!.id],
    ]);
    expect(plan.deliveries).toMatchObject([
      { kind: "run", step: 1, target: "runbook note", body: { action: { with: { who: "ada", n: 3 } } } },
    ]);
    expect(plan.body.cause).toEqual([{ event: event.id, rule: "r", run: null }]);
  });

  it("does nothing where the event names nobody", () => {
    const one = rule(`on: login.failed\nthen:\n  - kill: { scope: subject }\n  - tightenMasks: { for: 1h }`);
    const event = sample("login.failed", { subject: { id: "", name: "x' or 1" } });
    expect(planFiring(one, firingOf(one, event, { events: [], quiet: 0 }), new Map()).restraints).toEqual([]);
  });

  it("does not answer what it led to, nor go deeper than its limit", () => {
    const link = (name: string) => ({ event: "e", rule: name, run: null });
    expect(guarded("r", { cause: [] })).toBeNull();
    expect(guarded("r", { cause: [link("a"), link("b")] })).toBeNull();
    expect(guarded("r", { cause: [link("a"), link("r")] })).toContain("itself");
    expect(guarded("r", { cause: Array.from({ length: maxDepth }, (_, n) => link(String(n))) })).toContain("rules led");
  });
});

it("says a rule as a sentence", () => {
  const one = rule(
    `on: statement.denied\nwho: { group: engineers }\ncount: { atLeast: 3, within: 5m }\nquiet: 10m\nthen:\n  - pause: { for: 10m }\n  - notify: { receiver: ops }`,
  );
  expect(explainReaction(one.spec)).toBe(
    "When statement.denied happens to a subject that is a member of engineers 3 times within 5m for one subject: pause the session until somebody releases it, for 10m at most, then tell ops; not again for 10m for one subject.",
  );
});
