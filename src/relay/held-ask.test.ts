import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Challenges, Freshness } from "../identity/freshness.js";
import { planMasks } from "../masking/index.js";
import { isConnect } from "../policy/connect.js";
import { isPermit, mintPermit } from "../policy/permit.js";
import type { Decision, PolicySet, Situation } from "../policy/policy.js";
import type { Answer, Ask, Waiting } from "../protocol/index.js";
import type { EntryDraft, Recorder } from "../recording/recorder.js";
import { MemoryDesk } from "../reviews/testing/memory-desk.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import {
  type Catalogue,
  type CatalogueRelation,
  type ChallengeTerms,
  type Connection,
  connectionId,
  type HoldTerms,
  HoopError,
  type Outcome,
  ruleId,
  type Subject,
  sessionId,
  subjectId,
} from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { GatePorts } from "./context.js";
import { createGate } from "./gate.js";
import { createPlaces } from "./places.js";

// One file: every way in which a held statement can end is held against the same desk and the same clock.
const terms: HoldTerms = {
  rule: ruleId("big-deletes"),
  approvals: [{ count: 1, groups: ["dba"] }],
  expiresMs: 3_600_000,
  useWithinMs: 900_000,
  reasonRequired: false,
  inTransaction: "refuse",
  rehearse: false,
  breakGlass: [],
  escalate: null,
};
const challenge: ChallengeTerms = { rule: ruleId("fresh"), freshMs: 60_000, expiresMs: 50 };

const orders: CatalogueRelation = {
  id: 16_400,
  schema: "public",
  name: "orders",
  kind: "table",
  columns: [{ number: 1, name: "id", typeId: 23 }],
  parents: [],
  reads: [],
  definition: null,
  triggers: [16_500],
  calls: [],
};
const catalogue: Catalogue = {
  key: "pg app",
  version: "1",
  serverVersion: 150_000,
  relations: [orders],
  functions: [
    {
      id: 16_500,
      schema: "public",
      name: "on_order",
      kind: "function",
      language: "plpgsql",
      volatility: "volatile",
      securityDefiner: false,
      body: "begin return new; end",
    },
  ],
  systemFunctions: { immutable: [], stable: [], volatile: [] },
  searchPath: ["public"],
  role: "app",
  superuser: false,
};
const analysis: SqlAnalysis = {
  shape: "delete from orders",
  effects: ["write"],
  resources: [{ kind: "relation", name: "public.orders", access: "write" }],
  attributes: {},
  unknowns: [],
  reach: [16_400],
  columns: [],
  opaque: false,
  copy: null,
  copyQuery: null,
  changesCatalogue: false,
  changesContext: false,
  statements: 1,
};
const subject: Subject = { id: subjectId(randomUUID()), kind: "person", name: "ada", groups: [], version: 1 };
const connection: Connection = {
  id: connectionId(randomUUID()),
  name: "pg",
  protocol: "postgres",
  host: "h",
  port: 5432,
  agent: null,
  labels: {},
  tls: { mode: "disable" },
  target: {},
  exposesCredentialToAgent: false,
  version: 1,
};
const ask: Ask = {
  phase: "statement",
  text: "delete from orders",
  context: { database: "app", role: "app", searchPath: null, settings: {}, transaction: "idle", prepared: null },
  values: null,
  bytes: 30,
};

/** All ports of one gateway, and a way to open sessions at it. */
function gateway() {
  const desk = new MemoryDesk();
  const log: string[] = [];
  const drafts: EntryDraft[] = [];
  let journal: HoopError | null = null;
  const recorder: Recorder = {
    append(entry, done = () => {}) {
      drafts.push(entry);
      if (entry.kind === "statement") desk.calls.push(`record ${entry.outcome}`);
      if (entry.kind === "statement-finished") desk.calls.push(`finished ${entry.outcome}`);
      done(journal);
    },
    flush: async () => {},
    healthy: () => true,
    close: async () => {},
  };
  const now = { outcome: "hold" as Outcome, holds: [terms], challenges: [challenge], seen: [] as Situation[] };
  let known = catalogue;
  let read: SqlAnalysis = analysis;
  let version = 0;
  let set: PolicySet;
  const policyWatchers = new Set<() => void>();
  const renew = (): void => {
    version++;
    set = {
      version: String(version),
      decide(situation: Situation): Decision {
        now.seen.push(situation);
        const fresh = situation.freshness?.() ?? null;
        const outcome: Outcome =
          now.outcome === "challenge" && fresh !== null && fresh < challenge.freshMs ? "allow" : now.outcome;
        return {
          verdict: {
            outcome,
            reasons: [{ rule: terms.rule, code: outcome, text: `policy says ${outcome}` }],
            policyVersion: String(version),
            ...(outcome === "hold" ? { holds: now.holds } : {}),
            ...(outcome === "challenge" ? { challenges: now.challenges } : {}),
          },
          dependsOn: new Set(["shape", "freshness"]),
        };
      },
      masksFor: () => ({ masks: [], dependsOn: new Set(["shape"]) }),
      requestTerms: () => null,
      demands: () => [],
      explain: () => [],
    } as Partial<PolicySet> as PolicySet;
  };
  renew();
  let age: number | null = null;
  const factorWatchers = new Set<() => void>();
  const freshness: Freshness = {
    age: () => age,
    watch: (_subject, listener) => {
      factorWatchers.add(listener);
      return () => factorWatchers.delete(listener);
    },
  };
  const challenged = { open: 0, closed: 0, error: null as HoopError | null };
  const challenges: Challenges = {
    async open() {
      if (challenged.error) throw challenged.error;
      challenged.open++;
      return {
        id: "BCDFG",
        link: "https://hoop.test/mfa/BCDFG",
        expires: new Date(),
        close: () => void challenged.closed++,
      };
    },
  };
  const places = createPlaces(2);
  const ports: GatePorts = {
    policy: {
      current: () => set,
      watch: (listener) => {
        const call = () => listener(set);
        policyWatchers.add(call);
        return () => policyWatchers.delete(call);
      },
    },
    mintPermit,
    planMasks,
    analysers: {
      postgresql: {
        analyse: (_text, _context, _catalogue, done) => done(read),
        stats: () => ({ hits: 0, misses: 0, recycled: 0 }),
        close: async () => {},
      },
    },
    catalogues: {
      read: (_connection, _database, _asker, done) => done(known),
      invalidate: () => log.push("invalidate"),
      watch: () => () => {},
      release: () => {},
      leave: () => {},
      close: () => {},
    },
    recorder,
    show: () => "shown",
    staleness: () => 0,
    maxStaleMs: 1_000,
    now: () => 1_000,
    people: { desk, freshness, challenges, places },
  };
  return {
    ...{ desk, drafts, now, places, challenged, policyWatchers, factorWatchers, ports },
    breakJournal(error: HoopError | null) {
      journal = error;
    },
    knows(next: Catalogue) {
      known = next;
    },
    reads(next: SqlAnalysis) {
      read = next;
    },
    rules(change: Partial<typeof now>) {
      Object.assign(now, change);
      renew();
      for (const watcher of [...policyWatchers]) watcher();
    },
    answersFactor() {
      age = 0;
      for (const watcher of [...factorWatchers]) watcher();
    },
    session() {
      const asker: Asker = { session: sessionId(randomUUID()), login: "login", subject, connection };
      const gate = createGate(ports, asker, "postgresql");
      const answers: Answer[] = [];
      const waits: Waiting[] = [];
      let id = 0;
      return {
        ...{ gate, answers, waits, asker },
        judge(change: Partial<Ask> = {}): number {
          const one = { ...ask, ...change };
          gate.judge(
            ++id,
            one,
            (answer) => answers.push(answer),
            (waiting) => waits.push(waiting),
          );
          return id;
        },
      };
    },
  };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function held(change: Partial<Ask> = {}) {
  const hoop = gateway();
  const session = hoop.session();
  const id = session.judge(change);
  await soon();
  return { ...hoop, hoop, ...session, id };
}

const open = { ...ask.context, transaction: "open" } as const;

describe("a held statement", () => {
  it("waits, then is used up, written down and let go, in this order and no other", async () => {
    const { desk, answers, waits, drafts } = await held();
    expect(answers).toEqual([]);
    expect(waits).toEqual([
      {
        for: "hold",
        text: 'held by rule "big-deletes": waiting for 1 approval of dba',
        link: "https://hoop.test/reviews/r1",
        id: "r1",
        until: 4_102_444_800_000,
      },
    ]);
    desk.approve();
    await soon();
    expect(desk.calls).toEqual(["record hold", "hold", "consume", "record allow"]);
    const [answer] = answers;
    expect(answer?.outcome === "allow" && isPermit(answer.permit)).toBe(true);
    expect(drafts).toHaveLength(2);
    expect(drafts[1]).toMatchObject({
      outcome: "allow",
      statement: (drafts[0] as { statement: string }).statement,
      reasons: [{ rule: "big-deletes", code: "approved", text: "review r1: approved by grace" }, { code: "hold" }],
    });
  });

  it("is shown to reviewers with values, earlier statements and what is not known", async () => {
    const { desk } = await held({ values: [Buffer.from("7"), null], shownValues: () => ["7", null] });
    expect(desk.last.request).toMatchObject({ text: ask.text, values: ["7", null], database: "app", terms: [terms] });
    const { desk: other } = await held({ values: [Buffer.from([1])] });
    expect(other.last.request.values).toEqual(["\\x01"]);
  });

  it("does not run when the approval was used by somebody else", async () => {
    const { desk, answers } = await held();
    desk.consume = async () => false;
    desk.approve();
    await soon();
    expect(answers).toMatchObject([{ outcome: "deny", reasons: [{ code: "review-not-usable" }] }]);
  });

  it.each([
    ["a column", { ...catalogue, relations: [{ ...orders, columns: [] }] }],
    ["a trigger's body", { ...catalogue, functions: [{ ...catalogue.functions[0]!, body: "begin return old; end" }] }],
    ["the search path", { ...catalogue, searchPath: ["other"] }],
    ["a partition of it", { ...catalogue, relations: [orders, { ...orders, id: 16_401, parents: [16_400] }] }],
  ])("does not run when %s has changed meanwhile", async (_what, next) => {
    const { desk, answers, hoop } = await held();
    hoop.knows(next);
    desk.approve();
    await soon();
    expect(desk.calls).not.toContain("consume");
    expect(answers).toMatchObject([{ outcome: "deny", reasons: [{ code: "review-changed" }] }]);
  });

  it("runs when only what it does not reach has changed", async () => {
    const { desk, answers, hoop } = await held();
    hoop.knows({ ...catalogue, version: "2", relations: [orders, { ...orders, id: 17_000, name: "others" }] });
    desk.approve();
    await soon();
    expect(answers).toMatchObject([{ outcome: "allow" }]);
  });

  it.each([
    ["deny", "a denial by rule now wins", "deny"],
    ["allow", "no rule holds it any more", "allow"],
  ] as const)("is decided anew when rules change to %s: %s", async (outcome, _why, expected) => {
    const { desk, answers, hoop } = await held();
    hoop.rules({ outcome });
    await soon();
    expect(answers).toMatchObject([{ outcome: expected }]);
    expect(desk.last.left).toEqual(["cancelled"]);
  });

  it("is refused when the rule asks for other people now", async () => {
    const { answers, hoop } = await held();
    hoop.rules({ holds: [{ ...terms, approvals: [{ count: 2, groups: ["dba"] }] }] });
    await soon();
    expect(answers).toMatchObject([{ outcome: "deny", reasons: [{ code: "review-changed" }] }]);
  });

  it("is refused when rules deny it while its approval is being used", async () => {
    const { desk, answers, hoop } = await held();
    const { consume } = desk;
    desk.consume = async (...given) => {
      const used = await consume.apply(desk, given);
      hoop.rules({ outcome: "deny" });
      return used;
    };
    desk.approve();
    await soon();
    expect(answers).toMatchObject([{ outcome: "deny", reasons: [{ code: "deny" }] }]);
  });

  it.each([
    [{ state: "denied", by: "grace", reason: "not today" }, "review-denied", "grace denied review r1: not today"],
    [{ state: "expired" }, "review-expired", "nobody decided on review r1 in time"],
  ] as const)("is refused in words: %o", async (state, code, text) => {
    const { desk, answers } = await held();
    desk.decide(state);
    expect(answers).toMatchObject([{ outcome: "deny", reasons: [{ code, text }] }]);
    expect(answers[0]).toMatchObject({ hint: expect.stringContaining("https://hoop.test/reviews/r1") });
  });

  it.each(["cancelled", "disconnected", "restarted"] as const)(
    "is withdrawn when %s, and written down so",
    async (why) => {
      const { desk, answers, gate, id, places, policyWatchers } = await held();
      gate.withdraw?.(id, why);
      desk.approve();
      await soon();
      expect(answers).toEqual([]);
      expect(desk.last.left).toEqual([why]);
      expect(desk.calls).toEqual(["record hold", "hold", "finished cancelled"]);
      expect([places.taken, policyWatchers.size]).toEqual([0, 0]);
    },
  );

  it("is withdrawn with its session, also while its review is being opened", async () => {
    const hoop = gateway();
    const session = hoop.session();
    session.judge();
    session.gate.close?.();
    await soon();
    expect(hoop.desk.last.left).toEqual(["disconnected"]);
    expect(session.answers).toEqual([]);
  });

  it("is refused when the store is away, too many wait, or nothing can be recorded", async () => {
    const hoop = gateway();
    const [one, two, three, four] = [hoop.session(), hoop.session(), hoop.session(), hoop.session()];
    hoop.desk.broken = new HoopError("unavailable", "the store is away");
    one.judge();
    await soon();
    expect(one.answers).toMatchObject([
      { reasons: [{ code: "review-unavailable", text: "this waits for approval, and the store is away" }] },
    ]);
    hoop.desk.broken = null;
    for (const [at, each] of [one, two, three].entries()) each.judge({ text: `delete ${at}` });
    await soon();
    expect(three.answers).toMatchObject([{ reasons: [{ code: "too-many-held" }] }]);
    hoop.breakJournal(new HoopError("unavailable", "the disk is full"));
    four.judge();
    await soon();
    expect(four.answers).toMatchObject([{ outcome: "deny", reasons: [{ code: "not-recorded" }] }]);
  });

  it("is refused where there is nowhere to ask people", async () => {
    const hoop = gateway();
    (hoop.ports as { people?: unknown }).people = undefined;
    const session = hoop.session();
    session.judge();
    await soon();
    expect(session.answers).toMatchObject([{ outcome: "deny", reasons: [{ code: "not-available" }, {}] }]);
  });
});

describe("an approval", () => {
  /** Disconnected while it waited, approved after that, asked again from another session with a change. */
  async function retried(change: Partial<Ask>, first: Partial<Ask> = {}, read: SqlAnalysis = analysis) {
    const hoop = gateway();
    hoop.reads(read);
    const before = hoop.session();
    const id = before.judge(first);
    await soon();
    before.gate.withdraw?.(id, "restarted");
    hoop.desk.approve();
    const session = hoop.session();
    session.judge({ ...first, ...change });
    await soon();
    return { ...hoop, ...session };
  }

  it("may be used once for the very same, also from a session that comes later", async () => {
    const { answers, judge, desk } = await retried({});
    expect(answers).toMatchObject([{ outcome: "allow" }]);
    judge();
    await soon();
    expect(answers).toHaveLength(1);
    expect(desk.reviews).toHaveLength(2);
  });

  const values = [Buffer.from("1")];
  const { context } = ask;
  it.each<[string, Partial<Ask>]>([
    ["another text", { text: "delete from orders " }],
    ["another value", { values: [Buffer.from("2")] }],
    ["a value that is read differently", { values, reading: () => Buffer.from([0, 1]) }],
    ["NULL", { values: [null] }],
    ["another database", { context: { ...context, database: "other" } }],
    ["another role", { context: { ...context, role: "other" } }],
    ["another search path", { context: { ...context, searchPath: "x" } }],
    ["another setting", { context: { ...context, settings: { standard_conforming_strings: "off" } } }],
    ["another DateStyle", { context: { ...context, ambient: { DateStyle: "German" } } }],
    ["a transaction", { context: open }],
    ["another text behind EXECUTE", { context: { ...context, prepared: new Map([["x", "delete"]]) } }],
  ])("does not stand for %s", async (_what, change) => {
    const { answers, desk } = await retried(change, { values });
    expect(answers).toEqual([]);
    expect(desk.reviews).toHaveLength(2);
  });

  it("does not outlive the wait when something that is reached is not known", async () => {
    const opaque: SqlAnalysis = { ...analysis, effects: ["unknown"], unknowns: ["f() cannot be read"] };
    const { answers, desk } = await retried({}, {}, opaque);
    expect(answers).toEqual([]);
    expect(desk.reviews).toHaveLength(2);
    expect(desk.last.request.reasons.map(({ code }) => code)).toContain("reach-unknown");
    desk.approve();
    await soon();
    expect(answers).toMatchObject([{ outcome: "allow" }]);
  });

  it("does not stand for what runs behind other settings", async () => {
    const hoop = gateway();
    const sets: SqlAnalysis = { ...analysis, effects: [], changesContext: true };
    const digests = [];
    for (const setting of [null, "set app.tenant = '1'", "set app.tenant = '2'"]) {
      const session = hoop.session();
      if (setting !== null) {
        hoop.rules({ outcome: "allow" });
        hoop.reads(sets);
        session.judge({ text: setting });
        hoop.rules({ outcome: "hold" });
        hoop.reads(analysis);
      }
      const id = session.judge();
      await soon();
      digests.push(hoop.desk.last.digest);
      session.gate.withdraw?.(id, "cancelled");
    }
    expect(new Set(digests).size).toBe(3);
  });
});

describe("what is prepared", () => {
  it("may be prepared, and is held with its values when it is bound", async () => {
    const { answers, desk, judge, drafts } = await held({ phase: "prepare" });
    expect(answers).toMatchObject([{ outcome: "allow" }]);
    expect(drafts[0]).toMatchObject({ phase: "prepare", reasons: [{ code: "only-prepared" }, { code: "hold" }] });
    judge({ phase: "execute", values: [Buffer.from("1")] });
    await soon();
    expect(desk.reviews).toHaveLength(1);
  });

  it("is not asked again for the same portal when rules were read anew", async () => {
    const { answers, desk, judge, hoop } = await held({ phase: "execute", values: [] });
    desk.approve();
    await soon();
    hoop.rules({});
    judge({ phase: "execute", values: [], before: 1, context: open });
    await soon();
    expect(answers).toMatchObject([{ outcome: "allow" }, { outcome: "allow" }]);
    expect(desk.reviews).toHaveLength(1);
    // Another portal is another matter.
    judge({ phase: "execute", values: [], before: 99 });
    await soon();
    expect(desk.reviews).toHaveLength(2);
  });
});

describe("in a transaction", () => {
  const write: SqlAnalysis = { ...analysis, shape: "update", effects: ["write"] };
  const lookedAt: SqlAnalysis = { ...analysis, shape: "select", effects: ["read"] };

  async function behind(earlier: readonly [string, SqlAnalysis][], holds = [terms], context: Ask["context"] = open) {
    const hoop = gateway();
    const session = hoop.session();
    hoop.rules({ outcome: "allow", holds });
    for (const [at, [text, read]] of earlier.entries()) {
      hoop.reads(read);
      session.judge({ text, context: at === 0 ? ask.context : open });
    }
    hoop.rules({ outcome: "hold" });
    hoop.reads(analysis);
    session.answers.length = 0;
    session.judge({ context });
    await soon();
    return { ...hoop, ...session };
  }
  const begin: [string, SqlAnalysis] = ["begin", { ...analysis, effects: [] }];

  it("that has written, a hold is refused with what to do", async () => {
    const { answers } = await behind([begin, ["update orders set id = 1", write]]);
    expect(answers).toMatchObject([
      { outcome: "deny", reasons: [{ rule: "big-deletes", code: "hold-in-transaction" }] },
    ]);
  });

  it("that has only read, or where the rule says so, it waits", async () => {
    const { desk } = await behind([begin, ["select 1", lookedAt]]);
    expect(desk.last.request.transaction).toEqual(["begin", "select 1"]);
    const { desk: other } = await behind(
      [begin, ["update orders set id = 1", write]],
      [{ ...terms, inTransaction: "wait" }],
    );
    expect(other.last.request.transaction).toEqual(["begin", "update orders set id = 1"]);
  });

  it("of another time nothing counts", async () => {
    const { desk } = await behind([begin, ["update orders set id = 1", write]], [terms], ask.context);
    expect(desk.last.request.transaction).toEqual([]);
  });

  it("that is too long to be shown, or has failed, it is refused", async () => {
    const many = Array.from({ length: 60 }, (_, n): [string, SqlAnalysis] => [`select ${n}`, lookedAt]);
    expect((await behind([begin, ...many])).answers).toMatchObject([{ reasons: [{ code: "transaction-too-long" }] }]);
    const failed = await behind([begin], [terms], { ...open, transaction: "failed" });
    expect(failed.answers).toMatchObject([{ reasons: [{ code: "transaction-failed" }] }]);
  });

  it("whose state is not known yet, it is to be asked again, and nothing is recorded", async () => {
    const { answers, drafts } = await held({ context: { ...ask.context, unsettled: true } });
    expect(answers).toMatchObject([{ outcome: "deny", again: true }]);
    expect(drafts).toEqual([]);
  });
});

describe("a second factor", () => {
  async function challenged() {
    const hoop = gateway();
    hoop.rules({ outcome: "challenge" });
    const session = hoop.session();
    const id = session.judge();
    await soon();
    return { ...hoop, hoop, ...session, id };
  }

  it("is waited for, and decided anew when it was answered", async () => {
    const { hoop, waits, answers, desk, factorWatchers, challenged: counted } = await challenged();
    expect(waits).toMatchObject([{ for: "challenge", link: "https://hoop.test/mfa/BCDFG" }]);
    expect(waits[0]?.text).toContain("hoop mfa BCDFG");
    expect((waits[0]?.until ?? 0) - Date.now()).toBeGreaterThan(0);
    hoop.answersFactor();
    await soon();
    expect(answers).toMatchObject([{ outcome: "allow" }]);
    expect(desk.calls).toEqual(["record challenge", "record allow"]);
    expect([factorWatchers.size, counted.closed]).toEqual([0, 1]);
  });

  it("comes before people are asked", async () => {
    const { hoop, answers, desk, now } = await challenged();
    now.outcome = "hold";
    hoop.answersFactor();
    await soon();
    expect(desk.calls).toEqual(["record challenge", "record hold", "hold"]);
    desk.approve();
    await soon();
    expect(answers).toMatchObject([{ outcome: "allow" }]);
  });

  it("that does not come is a refusal; so is a subject that has none", async () => {
    const { answers, factorWatchers, challenged: counted, session } = await challenged();
    await new Promise((resolve) => setTimeout(resolve, challenge.expiresMs + 20));
    expect(answers).toMatchObject([{ outcome: "deny", reasons: [{ rule: "fresh", code: "challenge-expired" }] }]);
    expect([factorWatchers.size, counted.closed]).toEqual([0, 1]);
    counted.error = new HoopError("precondition-failed", "you have no second factor", { hint: "hoop mfa add" });
    const other = session();
    other.judge();
    await soon();
    expect(other.answers).toMatchObject([
      {
        reasons: [
          { code: "challenge-unavailable", text: "this needs your second factor, and you have no second factor" },
        ],
      },
    ]);
  });
});

describe("a held access", () => {
  const connect: Partial<Ask> = { phase: "connect", text: "connect to pg" };

  it("waits as a statement does, and nothing else is let go before", async () => {
    const hoop = gateway();
    const session = hoop.session();
    session.asker.admitted = null;
    session.judge();
    expect(session.answers).toMatchObject([{ outcome: "deny", reasons: [{ code: "not-admitted" }] }]);
    session.judge(connect);
    await soon();
    expect(hoop.now.seen.every(({ analysis: one }) => isConnect(one))).toBe(true);
    expect(hoop.desk.last.request.statement).toBeNull();
    hoop.desk.approve();
    await soon();
    expect(session.answers[1]).toMatchObject({ outcome: "allow" });
    expect(session.asker.admitted).toEqual(new Set(["big-deletes"]));
  });
});
