import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createMemoryPipes, TransportError } from "../../transport/index.js";
import type { Pipe } from "../../transport/pipe.js";
import { connectionId, sessionId, subjectId } from "../../vocabulary/index.js";
import { MalformedError } from "../../wire/index.js";
import type { SessionHost } from "../host.js";
import type { EndReason, Order, SessionEffect, SessionInit, WireSession } from "../session.js";
import { serveWire } from "./serve-wire.js";

/** A session made of closures; what is left out does nothing. */
const session = (parts: Partial<WireSession>): WireSession => ({
  receive: () => [],
  resolve: () => [],
  control: (order) => (order.kind === "end" ? [{ kind: "end", reason: order.reason }] : []),
  opened: () => [],
  secured: () => [],
  tick: () => [],
  close: (from) => [
    { kind: "end", reason: { code: from === "client" ? "client-closed" : "target-closed", text: from } },
  ],
  ...parts,
});

const bytes = (text: string): SessionEffect => ({ kind: "send", to: "client", bytes: Buffer.from(text) });
const end = (text: string): SessionEffect => ({ kind: "end", reason: { code: "refused", text } });

interface Served {
  readonly ended: Promise<EndReason>;
  /** All that the client got, once it is closed. */
  readonly got: Promise<string>;
  readonly client: Pipe;
  readonly notes: string[];
  order(order: Order): void;
}

function serve(wire: WireSession, host: Partial<SessionHost> = {}, handshakeMs = 5_000): Served {
  const [ours, theirs] = createMemoryPipes();
  const notes: string[] = [];
  let listener: (order: Order) => void = () => {};
  const init: SessionInit = {
    session: sessionId(randomUUID()),
    subject: { id: subjectId(randomUUID()), kind: "person", name: "ada", groups: [], version: 1 },
    connection: {
      id: connectionId(randomUUID()),
      name: "test",
      protocol: "test",
      host: "localhost",
      port: 1,
      agent: null,
      labels: {},
      tls: { mode: "disable" },
      target: {},
      exposesCredentialToAgent: false,
      version: 1,
    },
    refusal: null,
    credential: { user: "app", secret: null },
    viaAgent: false,
    clientTls: false,
    limits: { maxFrame: 1000, maxQueued: 1000, handshakeMs },
    random: (n) => Buffer.alloc(n),
  };
  const ended = serveWire(() => wire)({
    init,
    client: ours,
    dial: () => Promise.reject(new TransportError("unavailable", "nobody there")),
    gate: {
      judge: (_id, _ask, answer) => answer({ outcome: "deny", reasons: [], analysis: null }),
      lookup: (_ask, _relations, answer) => answer(null),
    },
    note: (note) => notes.push(note.kind === "warning" ? note.text : note.kind),
    serverCertificate: () => Promise.reject(new Error("none")),
    onOrder: (order) => {
      listener = order;
    },
    cancels: { register: () => {}, signal: () => {} },
    signal: new AbortController().signal,
    ...host,
  });
  const got = new Promise<string>((resolve) => {
    let text = "";
    theirs.start({
      data: (chunk) => {
        text += chunk.toString();
      },
      end: () => theirs.end(),
      drain: () => {},
      closed: () => resolve(text),
    });
  });
  return { ended, got, client: theirs, notes, order: (order) => listener(order) };
}

const ask = (id: number): SessionEffect => ({
  kind: "ask",
  id,
  ask: {
    phase: "statement",
    text: "",
    context: { database: "", role: "", searchPath: null, settings: {}, transaction: "idle", prepared: null },
    values: null,
    bytes: 0,
  },
});

test("an answer given at once waits until the effects before it are done", async () => {
  const calls: string[] = [];
  const served = serve(
    session({
      receive: () => {
        calls.push("receive");
        return [ask(1), bytes("first ")];
      },
      resolve: () => {
        calls.push("resolve");
        return [bytes("second"), end("over")];
      },
    }),
  );
  served.client.write(Buffer.from("x"));
  expect(await served.ended).toEqual({ code: "refused", text: "over" });
  expect(await served.got).toBe("first second");
  expect(calls).toEqual(["receive", "resolve"]);
});

const finished = (id: number): SessionEffect => ({
  kind: "note",
  note: { kind: "finished", ask: id, outcome: "ok", rows: 1, bytes: 1, maskedCells: 0 },
});

test("a statement's end is told when its reply has left", async () => {
  const served = serve(session({ receive: () => [bytes("reply"), finished(1)] }));
  const told = new Promise<readonly string[]>((resolve) => {
    const look = () => (served.notes.length > 0 ? resolve([...served.notes]) : setImmediate(look));
    look();
  });
  served.client.write(Buffer.from("x"));
  expect(served.notes).toEqual([]);
  expect(await told).toEqual(["finished"]);
  served.client.end();
  expect(await served.got).toBe("reply");
});

test.each([
  ["asks", ask(2)],
  ["ends", end("over")],
  ["warns", { kind: "note", note: { kind: "warning", text: "look" } } as SessionEffect],
])("a statement's end is told before the session %s", async (_what, next) => {
  const told: string[] = [];
  const served = serve(session({ receive: () => [finished(1), next] }), {
    note: (note) => told.push(note.kind),
    gate: {
      judge: () => told.push("asked"),
      lookup: () => {},
    },
  });
  served.client.write(Buffer.from("x"));
  served.client.end();
  await served.ended;
  expect(told[0]).toBe("finished");
});

test("what is malformed gets last words and an end", async () => {
  const served = serve(
    session({
      receive: () => {
        throw new MalformedError("not that");
      },
      control: () => [bytes("sorry")],
    }),
  );
  served.client.write(Buffer.from("x"));
  expect(await served.ended).toEqual({ code: "malformed", text: "not that" });
  expect(await served.got).toBe("sorry");
});

test("a defect of ours ends the session, says nothing outside and leaves a note", async () => {
  const served = serve(
    session({
      receive: () => {
        throw new TypeError("secret of our house");
      },
    }),
  );
  served.client.write(Buffer.from("x"));
  const reason = await served.ended;
  expect(reason.code).toBe("internal");
  expect(reason.text).not.toContain("secret");
  expect(served.notes.join()).toContain("secret of our house");
});

test("a client that says nothing is dropped at its deadline, one that is ready is not", async () => {
  const silent = serve(session({}), {}, 30);
  expect(await silent.ended).toMatchObject({ code: "timeout" });
  const ready = serve(
    session({ receive: () => [{ kind: "note", note: { kind: "ready", targetVersion: "", client: {} } }] }),
    {},
    500,
  );
  ready.client.write(Buffer.from("x"));
  const race = await Promise.race([ready.ended, new Promise((resolve) => setTimeout(() => resolve("lives"), 1_000))]);
  expect(race).toBe("lives");
  ready.order({ kind: "end", reason: { code: "killed", text: "enough" } });
  expect(await ready.ended).toEqual({ code: "killed", text: "enough" });
});

test("the deadline of a login stands still while people are asked, and starts anew", async () => {
  let decide: () => void = () => {};
  const waited = session({ receive: () => [ask(1)] });
  const gate: SessionHost["gate"] = {
    judge: (_id, _ask, answer, waits) => {
      waits?.({ for: "hold", text: "held", link: "", id: "r1" });
      decide = () => answer({ outcome: "deny", reasons: [], analysis: null });
    },
    lookup: (_ask, _relations, answer) => answer(null),
  };
  const served = serve(waited, { gate }, 300);
  served.client.write(Buffer.from("x"));
  const later = () => new Promise((resolve) => setTimeout(() => resolve("lives"), 900));
  expect(await Promise.race([served.ended, later()])).toBe("lives");
  decide();
  expect(await served.ended).toMatchObject({ code: "timeout" });
});

test("a target that cannot be reached is told with its reason", async () => {
  const served = serve(
    session({
      receive: () => [{ kind: "dial" }],
      close: (_from, _now, reason) => [{ kind: "end", reason: { code: "unavailable", text: reason?.message ?? "" } }],
    }),
  );
  served.client.write(Buffer.from("x"));
  expect(await served.ended).toEqual({ code: "unavailable", text: "nobody there" });
});

test("timers tick once, and not when they were cleared", async () => {
  const ticks: string[] = [];
  const served = serve(
    session({
      receive: (_from, _chunk, now) => [
        { kind: "timer", name: "never", at: now + 10 },
        { kind: "timer", name: "soon", at: now + 20 },
        { kind: "timer", name: "never", at: null },
      ],
      tick: (name) => {
        ticks.push(name);
        return [end("ticked")];
      },
    }),
  );
  served.client.write(Buffer.from("x"));
  await served.ended;
  expect(ticks).toEqual(["soon"]);
});

test("a target that was reached early is the one that is dialled, and one that nobody dials is let go", async () => {
  const dials: Pipe[] = [];
  const dial = () => {
    const [ours, theirs] = createMemoryPipes();
    dials.push(theirs);
    return Promise.resolve(ours);
  };
  const used = serve(
    session({
      receive: (from) => (from === "client" ? [{ kind: "reach" }, { kind: "dial" }] : []),
      opened: () => [{ kind: "send", to: "target", bytes: Buffer.from("hello") }],
    }),
    { dial },
  );
  used.client.write(Buffer.from("x"));
  const said = await new Promise<string>((resolve) => {
    setImmediate(() =>
      dials[0]!.start({
        data: (chunk) => resolve(chunk.toString()),
        end: () => {},
        drain: () => {},
        closed: () => {},
      }),
    );
  });
  expect(said).toBe("hello");
  expect(dials).toHaveLength(1);
  used.order({ kind: "end", reason: { code: "killed", text: "enough" } });

  const unused = serve(session({ receive: () => [{ kind: "reach" }] }), { dial });
  unused.client.write(Buffer.from("x"));
  await expect.poll(() => dials.length).toBe(2);
  const gone = new Promise((resolve) =>
    dials[1]!.start({ data: () => {}, end: () => {}, drain: () => {}, closed: resolve }),
  );
  unused.order({ kind: "end", reason: { code: "killed", text: "enough" } });
  expect(await gone).toMatchObject({ text: "enough" });
});

test("a target that cannot be reached early is told when it is dialled, not before", async () => {
  let calls = 0;
  const served = serve(
    session({
      receive: () => (calls++ === 0 ? [{ kind: "reach" }] : [{ kind: "dial" }]),
      close: (_from, _now, reason) => [{ kind: "end", reason: { code: "unavailable", text: reason?.message ?? "" } }],
    }),
  );
  served.client.write(Buffer.from("x"));
  await expect.poll(() => calls).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  served.client.write(Buffer.from("y"));
  expect(await served.ended).toEqual({ code: "unavailable", text: "nobody there" });
  expect(calls).toBe(2);
});
