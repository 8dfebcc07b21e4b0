import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Authenticated } from "../identity/authenticator.js";
import { planMasks } from "../masking/index.js";
import { compilePolicy, mintPermit, parseDocuments } from "../policy/index.js";
import type { Protocol, SessionInit } from "../protocol/index.js";
import type { EntryDraft } from "../recording/recorder.js";
import { createMemoryPipes } from "../transport/index.js";
import type { PipeAbort } from "../transport/pipe.js";
import { type Connection, connectionId, HoopError, type Subject, subjectId } from "../vocabulary/index.js";
import { type AdmitPorts, admit } from "./admit.js";
import { createEntryTurns } from "./entry-turns.js";
import { createOpenSessions } from "./open-sessions.js";

const policy = compilePolicy(
  parseDocuments(
    "apiVersion: hoop/v1\nkind: access\nmetadata: { name: readers }\nspec: { who: { group: engineers }, where: everywhere, effects: [read] }\n",
  ),
);
const ada: Subject = { id: subjectId(randomUUID()), kind: "person", name: "ada", groups: ["engineers"], version: 1 };
const pg: Connection = {
  id: connectionId(randomUUID()),
  name: "pg",
  protocol: "echo",
  host: "h",
  port: 5432,
  agent: null,
  labels: {},
  tls: { mode: "disable" },
  target: {},
  exposesCredentialToAgent: false,
  version: 1,
};

/** A gateway's admission in which a test says what happens while the journal is waited for. */
function gateway(limits: { sessions?: number; sessionsPerSubject?: number } = {}) {
  const state = { subject: ada as Subject | HoopError, connection: pg as Connection | undefined };
  const inits: SessionInit[] = [];
  const drafts: EntryDraft[] = [];
  const waiting: (() => void)[] = [];
  const ends: (() => void)[] = [];
  let leases = 0;
  const protocol = {
    name: "echo",
    title: "Echo",
    language: "none",
    can: new Set(["judge-statements", "mask-columns"]),
    attributes: {},
    serve: ({ init }: { init: SessionInit }) => {
      inits.push(init);
      return new Promise((resolve) => ends.push(() => resolve({ code: "client-closed", text: "over" })));
    },
  } as unknown as Protocol;
  const ports = {
    gate: {
      policy: { current: () => policy, watch: () => () => {} },
      mintPermit,
      planMasks,
      analysers: {},
      recorder: {
        append(entry: EntryDraft, done?: (error: HoopError | null) => void) {
          drafts.push(entry);
          if (done) waiting.push(() => done(null));
        },
      },
      show: () => null,
      staleness: () => 0,
      maxStaleMs: 1_000,
      now: () => 0,
    },
    open: createOpenSessions(),
    authenticator: {
      async authenticate(): Promise<Authenticated> {
        if (state.subject instanceof HoopError) throw state.subject;
        return { subject: state.subject, login: "login", expires: new Date(1e12) };
      },
      watch: () => () => {},
    },
    connections: { byName: () => state.connection, list: () => [], watch: () => () => {} },
    credentials: {
      async lease() {
        leases += 1;
        return { user: "app", secret: { reveal: () => "s" }, release: async () => void leases-- };
      },
    },
    protocols: new Map([["echo", protocol]]),
    limits: { maxFrame: 1, maxQueued: 1, handshakeMs: 1_000, sessions: 10, sessionsPerSubject: 10, ...limits },
    turns: createEntryTurns({ waiting: 100 }),
    maskKey: Buffer.alloc(32),
    closed: () => null,
    directory: { register() {}, end() {} },
    serverCertificate: async () => ({ key: "", chain: "" }),
    log: { warn() {} },
  } as unknown as AdmitPorts;
  const lane = (gone = () => false) => {
    const [client, far] = createMemoryPipes();
    let abort: PipeAbort | null | undefined;
    far.start({ data() {}, end() {}, drain() {}, closed: (reason) => (abort = reason) });
    const admitted = admit(ports, { client, token: "t", connection: "pg", from: "127.0.0.1:1", gone });
    return { admitted, abort: () => abort };
  };
  return {
    state,
    inits,
    drafts,
    waiting,
    lane,
    ports,
    leases: () => leases,
    finish: () => ends.splice(0).forEach((end) => void end()),
  };
}

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

describe("between asking and being in the list of open sessions", () => {
  it("nothing happens: the session is served", async () => {
    const hoop = gateway();
    const { admitted } = hoop.lane();
    await turns();
    for (const done of hoop.waiting.splice(0)) done();
    await turns();
    expect(hoop.inits).toMatchObject([{ refusal: null, credential: { user: "app" } }]);
    expect(hoop.ports.open.size).toBe(1);
    hoop.finish();
    await admitted;
    expect(hoop.leases()).toBe(0);
  });

  it.each([
    [
      "the user was disabled",
      { subject: new HoopError("unauthenticated", "this user is disabled") },
      "this user is disabled",
    ],
    ["the user lost the group", { subject: { ...ada, groups: [], version: 2 } }, ""],
    ["the connection was removed", { connection: undefined }, "changed"],
    ["the connection leads elsewhere", { connection: { ...pg, host: "evil", version: 2 } }, "changed"],
    ["another connection has the name", { connection: { ...pg, id: connectionId(randomUUID()) } }, "changed"],
  ])("%s: the session does not begin and has no credential", async (_what, change, text) => {
    const hoop = gateway();
    const { admitted } = hoop.lane();
    await turns();
    Object.assign(hoop.state, change);
    for (const done of hoop.waiting.splice(0)) done();
    await turns();
    expect(hoop.inits).toHaveLength(1);
    expect(hoop.inits[0]!.refusal?.text).toContain(text);
    expect(hoop.inits[0]!.credential).toEqual({ user: "", secret: null });
    hoop.finish();
    await admitted;
    expect(hoop.leases()).toBe(0);
  });

  it("the subject's newest groups go into the session", async () => {
    const hoop = gateway();
    const { admitted } = hoop.lane();
    await turns();
    hoop.state.subject = { ...ada, groups: ["engineers", "writers"], version: 2 };
    for (const done of hoop.waiting.splice(0)) done();
    await turns();
    expect(hoop.inits[0]!.subject.groups).toEqual(["engineers", "writers"]);
    hoop.finish();
    await admitted;
  });

  it.each([
    ["of the gateway", { sessions: 3 }],
    ["of one subject", { sessionsPerSubject: 3 }],
  ])("many come at once: the limit %s holds all the same", async (_what, limits) => {
    const hoop = gateway(limits);
    const lanes = Array.from({ length: 8 }, () => hoop.lane());
    await turns();
    for (const done of hoop.waiting.splice(0)) done();
    await turns();
    expect(hoop.inits.filter(({ refusal }) => refusal === null)).toHaveLength(3);
    expect(hoop.inits.filter(({ refusal }) => refusal?.code === "limited")).toHaveLength(5);
    hoop.finish();
    await Promise.all(lanes.map(({ admitted }) => admitted));
  });
});

describe("thousands of lanes that are opened and given up", () => {
  it("are let in a few at a time, and cost nothing once nobody wants them", async () => {
    const hoop = gateway();
    let gone = false;
    const lanes = Array.from({ length: 1_000 }, () => hoop.lane(() => gone));
    await turns();
    // Each has an entry in the journal that is waited for, and a credential.
    expect(hoop.waiting).toHaveLength(8);
    expect(hoop.leases()).toBe(8);
    gone = true;
    for (const done of hoop.waiting.splice(0)) done();
    await turns();
    expect(hoop.waiting).toHaveLength(0);
    expect(hoop.drafts.filter(({ kind }) => kind === "session-opened")).toHaveLength(8);
    hoop.finish();
    await Promise.all(lanes.map(({ admitted }) => admitted));
    expect(hoop.leases()).toBe(0);
    // And the way is free again.
    const next = hoop.lane();
    await turns();
    for (const done of hoop.waiting.splice(0)) done();
    await turns();
    hoop.finish();
    await next.admitted;
  });
});
