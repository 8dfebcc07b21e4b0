import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Analysis, connectionId, type Outcome, type Subject, subjectId } from "../../vocabulary/index.js";
import { connectAnalysis } from "../connect.js";
import { approvedBy, document, readWrite, setOf } from "../testing/documents.js";
import { analysisOf, connectionNamed, mondayMorning, situationOf } from "../testing/situations.js";
import type { RecordedHistory, RecordedStatement, Today } from "./history.js";
import { replay } from "./replay.js";
import { shadowReport } from "./shadow-report.js";

const connection = {
  ...connectionNamed("pg-demo", { env: "demo" }),
  id: connectionId("00000000-0000-4000-8000-0000000000c1"),
};
const anna: Subject = {
  id: subjectId("00000000-0000-4000-8000-0000000000a1"),
  kind: "person",
  name: "anna",
  groups: ["engineers"],
  version: 1,
};
const today: Today = {
  subject: async (id) => (id === anna.id ? anna : null),
  connection: (name) => (name === connection.name ? connection : null),
};
const known: Readonly<Record<string, Analysis>> = {
  read: analysisOf({ resources: [{ kind: "column", name: "public.customers.email", access: "read" }] }),
  write: analysisOf({ effects: ["write"] }),
};
let count = 0;
const recorded = (parts: Partial<RecordedStatement> = {}): RecordedStatement => ({
  time: mondayMorning,
  session: "s1",
  statement: `s1:${count++}`,
  subject: anna.id,
  name: "anna",
  connection: "pg-demo",
  outcome: "allow",
  reasons: [],
  connecting: false,
  analysis: "read",
  shown: "select email from customers where id = ?",
  shadows: [],
  ...parts,
});
const historyOf = (
  statements: readonly RecordedStatement[],
  sessions: readonly { session: string; groups: readonly string[] | null }[] = [],
): RecordedHistory => ({
  async *read() {
    yield { sessions, statements };
  },
  analyses: async (hashes) => new Map(hashes.flatMap((hash) => (known[hash] ? [[hash, known[hash]] as const] : []))),
});
const options = { since: 0, until: mondayMorning + 1, signal: new AbortController().signal };
const run = (wanted: ReturnType<typeof setOf>, history: RecordedHistory, current = setOf(readWrite)) =>
  replay(current, wanted, history, today, options);

describe("replaying what was recorded", () => {
  it("tells who would have been refused or held, grouped, with some statements to look at", async () => {
    const guard = document("guard", "g", {
      when: { effects: { any: "write" } },
      action: "hold",
      hold: approvedBy("x"),
    });
    const statements = [
      recorded(),
      ...Array.from({ length: 5 }, () => recorded({ analysis: "write", shown: "update t" })),
    ];
    const report = await run(setOf(readWrite, guard), historyOf(statements));
    expect(report).toMatchObject({ statements: 6, same: 1, totals: { "allow → hold": 5 }, unlisted: 0 });
    expect(report.changes).toMatchObject([
      { subject: "anna", connection: "pg-demo", shape: "update t", before: "allow", after: "hold", count: 5 },
    ]);
    expect(report.changes[0]!.reasons[0]).toContain('guard "g" holds this');
    expect(report.changes[0]!.statements).toHaveLength(3);
  });

  it("tells what would be masked differently", async () => {
    const mask = document("mask", "m", { columns: "email", mask: { method: "redact" } });
    const report = await run(setOf(readWrite, mask), historyOf([recorded()]));
    expect(report.totals).toEqual({ "masked differently": 1 });
    expect(report.changes[0]!.masks).toEqual(["public.customers.email: shown → redact"]);
  });

  it("takes the groups that were recorded, else today's, and says which", async () => {
    const sales = document("access", "a", { who: { group: "sales" }, where: "everywhere", effects: "read" });
    const history = historyOf([recorded(), recorded({ session: "s2" })], [{ session: "s2", groups: ["sales"] }]);
    const report = await run(setOf(sales), history);
    expect(report).toMatchObject({ groups: { recorded: 1, today: 1 }, same: 1, totals: { "allow → deny": 1 } });
  });

  it.each([
    ["a connection that is gone", { connection: "pg-old" }, {}, "the connection is gone"],
    ["somebody who is gone", { subject: "00000000-0000-4000-8000-0000000000a9" }, {}, "the subject is gone"],
    ["an analysis that was sealed", { analysis: null }, {}, "was not kept where it can be read"],
    ["a budget", {}, { measure: "rows", limit: 1, per: "day", action: "stop" }, "what was not kept: budget"],
    [
      "a refusal by something else",
      { outcome: "deny" as const, reasons: [{ rule: null, code: "unmaskable", text: "cannot be masked" }] },
      {},
      "refused by something other than rules: cannot be masked",
    ],
  ])("answers unknown for %s", async (_what, parts, budget, told) => {
    const more = Object.keys(budget).length > 0 ? [document("budget", "b", budget)] : [];
    const report = await run(setOf(readWrite, ...more), historyOf([recorded(parts)]));
    expect(report.changes).toMatchObject([{ after: "unknown" }]);
    expect(report.changes[0]!.reasons[0]).toContain(told);
  });

  it("counts once what was held and then let through", async () => {
    const held = recorded({ statement: "s1:h", outcome: "hold" });
    const report = await run(setOf(readWrite), historyOf([held, { ...held, outcome: "allow" }]));
    expect(report).toMatchObject({ statements: 1, totals: { "hold → allow": 1 } });
  });

  it("says the same as deciding live did, whatever the rules", async () => {
    const effect = fc.constantFrom("read", "write");
    const rules = fc.array(
      fc.record({ any: effect, action: fc.constantFrom("deny", "hold"), night: fc.boolean(), access: fc.boolean() }),
      { maxLength: 5 },
    );
    const asked = fc.array(
      fc.record({ analysis: fc.constantFrom("read", "write", null), hour: fc.integer({ min: 0, max: 23 }) }),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(rules, asked, async (given, statements) => {
        const set = setOf(
          ...given.map(({ any, action, night, access }, at) => {
            const when = night ? { time: { hours: "18:00-06:00" } } : undefined;
            if (access)
              return document("access", `r${at}`, { who: "everyone", where: "everywhere", effects: any, when });
            const spec = { when: { effects: { any }, ...when }, action };
            return document("guard", `r${at}`, action === "hold" ? { ...spec, hold: approvedBy("x") } : spec);
          }),
        );
        const outcomes: Outcome[] = [];
        const entries = statements.map(({ analysis, hour }) => {
          const time = mondayMorning + hour * 3_600_000;
          const asks = analysis === null ? connectAnalysis(connection) : known[analysis]!;
          const { verdict } = set.decide(situationOf({ subject: anna, connection, analysis: asks, now: time }));
          outcomes.push(verdict.outcome);
          const { outcome, reasons } = verdict;
          return recorded({ time, analysis, connecting: analysis === null, outcome, reasons });
        });
        const report = await run(set, historyOf(entries), set);
        expect(report).toMatchObject({ statements: entries.length, same: entries.length, changes: [] });
      }),
    );
  });
});

describe("the report of shadow rules", () => {
  it("tells whom each would have hit, how often, and with which statements", async () => {
    const hit = (rule: string) => ({ shadows: [{ rule, outcome: "deny" as const, reasons: [{ text: "because" }] }] });
    const statements = [
      recorded(hit("a")),
      recorded(hit("a")),
      recorded({ ...hit("a"), shown: "delete from t" }),
      recorded({ ...hit("b"), name: "ben" }),
    ];
    const report = await shadowReport(historyOf(statements), options);
    expect(report).toMatchObject([
      { rule: "a", count: 3, because: "because", hits: [{ subject: "anna", outcome: "deny", count: 3 }] },
      { rule: "b", count: 1 },
    ]);
    expect(report[0]!.hits[0]!.shapes.map(({ count: n }) => n)).toEqual([2, 1]);
    expect(await shadowReport(historyOf(statements), { ...options, rule: "b" })).toHaveLength(1);
  });
});
