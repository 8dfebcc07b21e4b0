import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { planMasks } from "../masking/index.js";
import { compilePolicy, isPermit, mintPermit, parseDocuments } from "../policy/index.js";
import type { PolicySet } from "../policy/policy.js";
import type { Answer, Ask } from "../protocol/index.js";
import type { EntryDraft, Recorder } from "../recording/recorder.js";
import type { SqlAnalyser, SqlAnalysis } from "../sql/analyser.js";
import {
  type Catalogue,
  type Connection,
  connectionId,
  HoopError,
  type Subject,
  sessionId,
  subjectId,
} from "../vocabulary/index.js";
import type { GatePorts } from "./context.js";
import { type Asker, createGate } from "./gate.js";

const readers = `
apiVersion: hoop/v1
kind: access
metadata: { name: readers }
spec: { who: { group: engineers }, where: everywhere, effects: [read] }
`;
const masked = `${readers}---
apiVersion: hoop/v1
kind: mask
metadata: { name: emails }
spec: { columns: [email], mask: { method: redact } }
`;

const catalogue: Catalogue = {
  key: "pg app app",
  version: "1",
  serverVersion: 150000,
  relations: [
    {
      id: 16384,
      schema: "public",
      name: "customers",
      kind: "table",
      columns: [
        { number: 1, name: "id", typeId: 23 },
        { number: 2, name: "email", typeId: 25 },
      ],
      parents: [],
      reads: [],
      definition: null,
      triggers: [],
      calls: [],
    },
  ],
  functions: [],
  systemFunctions: { immutable: [], stable: [], volatile: [] },
  searchPath: ["public"],
  role: "app",
  superuser: false,
};

const analysis: SqlAnalysis = {
  shape: "select email from customers",
  effects: ["read"],
  resources: [{ kind: "relation", name: "public.customers", access: "read" }],
  attributes: {},
  unknowns: [],
  reach: [16384],
  columns: [{ relation: 16384, name: "email", use: "output" }],
  opaque: false,
  copy: null,
  copyQuery: null,
  changesCatalogue: false,
  changesContext: false,
  statements: 1,
};

const subject: Subject = {
  id: subjectId(randomUUID()),
  kind: "person",
  name: "ada",
  groups: ["engineers"],
  version: 1,
};
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
  text: "select email from customers",
  context: { database: "app", role: "app", searchPath: null, settings: {}, transaction: "idle", prepared: null },
  values: null,
  bytes: 30,
};

/** A recorder that keeps drafts and is durable when the test says so. */
class HeldRecorder implements Recorder {
  readonly drafts: EntryDraft[] = [];
  readonly waiting: ((error: HoopError | null) => void)[] = [];
  broken: HoopError | null = null;
  append(entry: EntryDraft, done: (error: HoopError | null) => void = () => {}): void {
    this.drafts.push(entry);
    this.waiting.push(done);
  }
  settle(): void {
    for (const done of this.waiting.splice(0)) done(this.broken);
  }
  async flush(): Promise<void> {}
  healthy(): boolean {
    return this.broken === null;
  }
  async close(): Promise<void> {}
}

function setUp(
  change: Partial<{ policy: PolicySet; analysis: SqlAnalysis; catalogue: Catalogue | HoopError; stale: number }> = {},
) {
  const recorder = new HeldRecorder();
  let policy: PolicySet = change.policy ?? compilePolicy(parseDocuments(readers));
  let decisions = 0;
  const invalidated: string[] = [];
  const analyser: SqlAnalyser = {
    analyse: (_text, _context, _catalogue, done) => done(change.analysis ?? analysis),
    stats: () => ({ hits: 0, misses: 0, recycled: 0 }),
    close: async () => {},
  };
  const ports: GatePorts = {
    policy: {
      current: () =>
        ({
          version: policy.version,
          explain: () => [],
          masksFor: policy.masksFor,
          decide: (situation) => (decisions++, policy.decide(situation)),
        }) as Partial<PolicySet> as PolicySet,
      watch: () => () => {},
    },
    mintPermit,
    planMasks,
    analysers: { postgresql: analyser },
    catalogues: {
      read: (_connection, _database, _asker, done) => done(change.catalogue ?? catalogue),
      invalidate: (_connection, database) => invalidated.push(database),
      watch: () => () => {},
      release: () => {},
      leave: () => {},
      close: () => {},
    },
    recorder,
    show: () => "shown",
    staleness: () => change.stale ?? 0,
    maxStaleMs: 1000,
    now: () => 1_000,
  };
  // The same object as long as the policy is the same: decisions are kept by its identity.
  const first = ports.policy.current();
  let current = first;
  (ports.policy as { current: () => PolicySet }).current = () => current;
  const asker: Asker = { session: sessionId(randomUUID()), login: "login", subject, connection };
  const gate = createGate(ports, asker, "postgresql");
  const answers: Answer[] = [];
  const judge = (id: number, one: Ask = ask): void => gate.judge(id, one, (answer) => answers.push(answer));
  return {
    recorder,
    gate,
    asker,
    answers,
    judge,
    invalidated,
    decisions: () => decisions,
    setPolicy(next: PolicySet) {
      policy = next;
      current = {
        ...first,
        version: next.version,
        masksFor: next.masksFor,
        decide: (situation) => (decisions++, next.decide(situation)),
        explain: () => [],
      };
    },
  };
}

describe("the gate", () => {
  it("answers only after the entry is in the journal", () => {
    const { judge, recorder, answers } = setUp();
    judge(1);
    expect(recorder.drafts).toHaveLength(1);
    expect(answers).toEqual([]);
    recorder.settle();
    expect(answers).toHaveLength(1);
    const [answer] = answers;
    expect(answer?.outcome).toBe("allow");
    expect(answer?.outcome === "allow" && isPermit(answer.permit)).toBe(true);
    expect(recorder.drafts[0]).toMatchObject({
      kind: "statement",
      outcome: "allow",
      text: ask.text,
      shown: "shown",
      purpose: "forward",
    });
  });

  it("hands on what the asker says of its own trace", () => {
    const { judge, recorder } = setUp();
    judge(1);
    judge(2, { ...ask, trace: "00-a-b-01" });
    expect(recorder.drafts[0]).not.toHaveProperty("trace");
    expect(recorder.drafts[1]).toMatchObject({ trace: "00-a-b-01" });
  });

  it("denies what could not be recorded", () => {
    const { judge, recorder, answers } = setUp();
    recorder.broken = new HoopError("unavailable", "the disk is full");
    judge(1);
    recorder.settle();
    expect(answers[0]).toMatchObject({ outcome: "deny", reasons: [{ code: "not-recorded" }] });
  });

  it("denies and records what no rule allows", () => {
    const { judge, recorder, answers } = setUp({ analysis: { ...analysis, effects: ["write"] } });
    judge(1);
    recorder.settle();
    expect(answers[0]?.outcome).toBe("deny");
    expect(recorder.drafts[0]).toMatchObject({ outcome: "deny" });
  });

  it("denies when the catalogue cannot be read, when the store is lost, when nobody reads the language", () => {
    for (const [change, code] of [
      [{ catalogue: new HoopError("unavailable", "gone") }, "catalogue-unavailable"],
      [{ stale: 2000 }, "store-unreachable"],
    ] as const) {
      const { judge, recorder, answers } = setUp(change);
      judge(1);
      recorder.settle();
      expect(answers[0]).toMatchObject({ outcome: "deny", reasons: [{ code }] });
    }
  });

  it("denies a sensitive column that would flow elsewhere, whatever the access rule says", () => {
    const { judge, recorder, answers } = setUp({
      policy: compilePolicy(parseDocuments(masked)),
      analysis: { ...analysis, columns: [{ relation: 16384, name: "email", use: "sink" }] },
    });
    judge(1);
    recorder.settle();
    expect(answers[0]).toMatchObject({ outcome: "deny", reasons: [{ code: "sensitive-sink" }] });
  });

  it("decides a shape once, and again when rules or rights change", () => {
    const { judge, recorder, answers, decisions, setPolicy, asker } = setUp();
    for (let id = 1; id <= 3; id++) judge(id);
    expect(decisions()).toBe(1);
    setPolicy(compilePolicy(parseDocuments(masked)));
    judge(4);
    expect(decisions()).toBe(2);
    asker.subject = { ...subject, groups: [], version: 2 };
    judge(5);
    expect(decisions()).toBe(3);
    recorder.settle();
    expect(answers.map(({ outcome }) => outcome)).toEqual(["allow", "allow", "allow", "allow", "deny"]);
    expect(answers[3]?.outcome === "allow" && answers[3].masks?.columns.has("16384.2")).toBe(true);
  });

  it("reads the catalogue anew after a statement that changed it, until its transaction has ended", () => {
    const { judge, recorder, invalidated } = setUp({ analysis: { ...analysis, changesCatalogue: true } });
    judge(1);
    recorder.settle();
    expect(invalidated).toEqual([]);
    judge(2, { ...ask, context: { ...ask.context, transaction: "open" } });
    recorder.settle();
    judge(3);
    expect(invalidated).toEqual(["app", "app"]);
  });

  it("writes down what became of a statement, under the same id", () => {
    const { judge, recorder, gate } = setUp();
    judge(7);
    recorder.settle();
    gate.note({ kind: "finished", ask: 7, outcome: "ok", rows: 3, bytes: 90, maskedCells: 3, tag: "SELECT 3" });
    gate.note({ kind: "finished", ask: 99, outcome: "ok", rows: 0, bytes: 0, maskedCells: 0 });
    expect(recorder.drafts).toHaveLength(2);
    expect(recorder.drafts[1]).toMatchObject({
      kind: "statement-finished",
      statement: (recorder.drafts[0] as { statement: string }).statement,
      rows: 3,
      maskedCells: 3,
    });
  });
});
