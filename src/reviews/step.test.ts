import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connectionId, type HoldTerms, HoopError, ruleId, type Subject, subjectId } from "../vocabulary/index.js";
import type { Review } from "./review.js";
import { missingWords, standingOf } from "./standing.js";
import { type Act, nextDue, step } from "./step.js";

const id = (n: number) => subjectId(`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`);
const subject = (n: number, name: string, groups: readonly string[], kind: Subject["kind"] = "person"): Subject => ({
  id: id(n),
  kind,
  name,
  groups,
  version: 1,
});

const ada = subject(1, "ada", ["engineers", "on-call"]);
const bob = subject(2, "bob", ["dba"]);
const cyd = subject(3, "cyd", ["dba", "security"]);
const dee = subject(4, "dee", ["security"]);
const eve = subject(5, "eve", ["leads"]);
const bot = subject(6, "bot", ["dba", "security"], "agent");
const everybody = [ada, bob, cyd, dee, eve, bot];
const people = new Map(everybody.map((one) => [one.id, one]));

const rule = (more: Partial<HoldTerms> = {}): HoldTerms => ({
  rule: ruleId("hold-writes"),
  approvals: [{ count: 1, groups: ["dba"] }],
  expiresMs: 1_000,
  useWithinMs: 500,
  reasonRequired: false,
  inTransaction: "refuse",
  rehearse: false,
  breakGlass: [],
  escalate: null,
  ...more,
});

const review = (terms: readonly HoldTerms[] = [rule()], more: Partial<Review> = {}): Review => ({
  id: "lusab-tofim",
  kind: "statement",
  requester: { id: ada.id, name: "ada", kind: "person" },
  onBehalfOf: null,
  connections: [{ id: connectionId("00000000-0000-4000-8000-00000000c000"), name: "pg-prod" }],
  session: null,
  statement: null,
  terms,
  state: "pending",
  openedAt: 0,
  expiresAt: 1_000,
  approvedAt: null,
  useBy: null,
  endedAt: null,
  ending: null,
  escalated: [],
  decisions: [],
  head: {
    text: "delete from t",
    textLength: 13,
    values: null,
    valuesCount: 0,
    transaction: [],
    transactionCount: 0,
    database: null,
    role: null,
    analysis: null,
    reasons: [],
    wish: null,
  },
  version: 1,
  ...more,
});

const approve = (by: Subject, reason: string | null = null): Act => ({ kind: "approve", by, reason });
const deny = (by: Subject, reason: string | null = null): Act => ({ kind: "deny", by, reason });
const tried = (start: Review, act: Act, now = 10) => {
  try {
    return step(start, act, people, now).state;
  } catch (error) {
    return error instanceof HoopError ? error.code : error;
  }
};
const acted = (start: Review, ...acts: readonly Act[]) => acts.reduce((at, act) => step(at, act, people, 10), start);

describe("a review", () => {
  test("is approved by whom the rule names, and by nobody else", () => {
    expect(tried(review(), approve(bob))).toBe("approved");
    for (const other of [ada, dee, eve, bot]) expect(tried(review(), approve(other)), other.name).toBe("denied");
  });

  test("is never decided by who asked, however many groups they are in, nor by the person that a machine acts for", () => {
    const own = review([rule()], { requester: { id: bob.id, name: "bob", kind: "person" } });
    const machine = review([rule()], {
      requester: { id: bot.id, name: "bot", kind: "agent" },
      onBehalfOf: { id: bob.id, name: "bob" },
    });
    for (const act of [approve(bob), deny(bob)]) {
      expect(tried(own, act)).toBe("denied");
      expect(tried(machine, act)).toBe("denied");
    }
    expect(tried(machine, approve(cyd))).toBe("approved");
  });

  test("waits until every rule is met; within a rule nobody stands for two, and one person may stand in several rules", () => {
    const strict = rule({
      approvals: [
        { count: 1, groups: ["dba"] },
        { count: 1, groups: ["security"] },
      ],
    });
    const both = review([strict, rule({ rule: ruleId("other"), approvals: [{ count: 1, groups: ["security"] }] })]);
    const first = acted(both, approve(cyd));
    expect(first.state).toBe("pending");
    expect(missingWords(standingOf(first, people, 10))).toMatch(/^1 more approval from (dba|security)$/);
    expect(acted(first, approve(bob)).state).toBe("approved");
    expect(tried(first, approve(cyd))).toBe("conflict");
  });

  test("ends with one denial, also after it was approved and before it was used; with access it is the grant that ends", () => {
    expect(tried(review(), deny(bob, "no"))).toBe("denied");
    const approved = acted(review(), approve(bob));
    expect(tried(approved, deny(cyd))).toBe("denied");
    expect(step(approved, deny(cyd), people, 10).state).toBe("denied");
    expect(step(approved, deny(cyd), people, 10).ending).toEqual({ why: "denied", by: "cyd" });
    expect(tried({ ...approved, kind: "access" }, deny(cyd))).toBe("conflict");
  });

  test("counts those who approved as they are now", () => {
    const two = review([rule({ approvals: [{ count: 2, groups: ["dba"] }] })]);
    const first = acted(two, approve(bob));
    const without = new Map(people);
    without.delete(bob.id);
    expect(step(first, approve(cyd), without, 10).state).toBe("pending");
    const moved = new Map(people).set(bob.id, { ...bob, groups: ["engineers"] });
    expect(step(first, approve(cyd), moved, 10).state).toBe("pending");
    const approved = step(first, approve(cyd), people, 10);
    expect(approved.state).toBe("approved");
    expect(step(approved, { kind: "check" }, people, 20)).toBe(approved);
    expect(step(approved, { kind: "check" }, moved, 20).ending).toEqual({ why: "lapsed", by: null });
  });

  test("asks for a reason where a rule does", () => {
    const strict = review([rule({ reasonRequired: true })]);
    expect(tried(strict, approve(bob))).toBe("invalid");
    expect(tried(strict, approve(bob, "looked at it"))).toBe("approved");
  });

  test("escalates: those groups may approve from then on, and not before", () => {
    const escalating = review([rule({ escalate: { afterMs: 100, groups: ["leads"] } })]);
    expect(nextDue(escalating)).toBe(100);
    expect(tried(escalating, approve(eve), 99)).toBe("denied");
    expect(tried(escalating, approve(eve), 100)).toBe("approved");
    const told = step(escalating, { kind: "tick" }, people, 100);
    expect(told.escalated).toEqual(["hold-writes"]);
    expect(nextDue(told)).toBe(1_000);
    expect(step(told, { kind: "tick" }, people, 200)).toBe(told);
  });

  test("what was approved before the escalation is not carried by it afterwards", () => {
    const both = subject(7, "fay", ["dba", "leads"]);
    const start = review([rule({ escalate: { afterMs: 100, groups: ["leads"] } })]);
    const approved = step(start, approve(both), new Map(people).set(both.id, both), 10);
    const moved = new Map(people).set(both.id, { ...both, groups: ["leads"] });
    expect(step(approved, { kind: "check" }, moved, 400).state).toBe("expired");
  });

  test("expires undecided, and approved but unused", () => {
    expect(step(review(), { kind: "tick" }, people, 999)).toMatchObject({ state: "pending" });
    expect(step(review(), { kind: "tick" }, people, 1_000).ending?.why).toBe("undecided");
    expect(tried(review(), approve(bob), 1_000)).toBe("conflict");
    const approved = acted(review(), approve(bob));
    expect(nextDue(approved)).toBe(510);
    expect(step(approved, { kind: "tick" }, people, 510).ending?.why).toBe("unused");
  });

  test("break-glass: only who asked, only a person, only where every unmet rule lets them, only with a reason", () => {
    const glass = rule({ breakGlass: ["on-call"] });
    const act = (by: Subject, reason: string | null = "outage"): Act => ({ kind: "break-glass", by, reason });
    expect(tried(review([glass]), act(ada))).toBe("approved");
    expect(tried(review([glass]), act(ada, null))).toBe("invalid");
    expect(tried(review([glass]), act(bob))).toBe("denied");
    expect(tried(review(), act(ada))).toBe("denied");
    const two = review([glass, rule({ rule: ruleId("other"), approvals: [{ count: 1, groups: ["security"] }] })]);
    expect(tried(two, act(ada))).toBe("denied");
    expect(tried(acted(two, approve(dee)), act(ada))).toBe("approved");
    const machine = review([rule({ breakGlass: ["dba"] })], { requester: { id: bot.id, name: "bot", kind: "agent" } });
    expect(tried(machine, act(bot))).toBe("denied");
    const broken = acted(review([glass]), act(ada));
    const moved = new Map(people).set(ada.id, { ...ada, groups: ["engineers"] });
    expect(step(broken, { kind: "check" }, moved, 20).state).toBe("expired");
  });

  test("is withdrawn by who asked while it is pending", () => {
    const act = (by: Subject): Act => ({ kind: "withdraw", by, why: "withdrawn" });
    expect(tried(review(), act(ada))).toBe("withdrawn");
    expect(tried(review(), act(bob))).toBe("denied");
    expect(tried(acted(review(), approve(bob)), act(ada))).toBe("conflict");
  });

  test("never leaves an end, and is approved only when those who count fill every rule", () => {
    const act = fc.oneof(
      fc.record({
        kind: fc.constantFrom("approve" as const, "deny" as const, "break-glass" as const),
        by: fc.constantFrom(...everybody),
        reason: fc.constantFrom(null, "because"),
      }),
      fc.record({
        kind: fc.constant("withdraw" as const),
        by: fc.constantFrom(ada, bob),
        why: fc.constant("withdrawn" as const),
      }),
      fc.constant({ kind: "tick" as const }),
      fc.constant({ kind: "check" as const }),
    );
    const approvals = fc.array(
      fc.record({
        count: fc.integer({ min: 1, max: 2 }),
        groups: fc.uniqueArray(fc.constantFrom("dba", "security", "leads"), { minLength: 1 }),
      }),
      { minLength: 1, maxLength: 2 },
    );
    const ends = ["denied", "expired", "withdrawn", "used"];
    fc.assert(
      fc.property(
        approvals,
        fc.array(fc.tuple(act, fc.integer({ min: 0, max: 400 })), { maxLength: 12 }),
        (needs, acts) => {
          let at = review([
            rule({ approvals: needs, breakGlass: ["on-call"], escalate: { afterMs: 300, groups: ["leads"] } }),
          ]);
          let now = 0;
          for (const [one, later] of acts) {
            now += later;
            const before = at;
            try {
              at = step(at, one, people, now);
            } catch (error) {
              if (!(error instanceof HoopError)) throw error;
            }
            if (ends.includes(before.state)) expect(at.state).toBe(before.state);
            if (at.state === "approved") {
              expect(standingOf(at, people, now).met).toBe(true);
              expect(at.decisions.every(({ by, verdict }) => verdict === "break-glass" || by.id !== ada.id)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
