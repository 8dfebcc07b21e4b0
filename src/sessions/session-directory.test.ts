import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { connectionId, HoopError, type SessionId, sessionId, subjectId } from "../vocabulary/index.js";
import { createSessionDirectory } from "./session-directory.js";
import type { Kill, LiveSession, SessionStore } from "./store.js";

const log = { warn() {} };
const one = (): Omit<LiveSession, "replica"> => ({
  id: sessionId(randomUUID()),
  subject: { id: subjectId(randomUUID()), name: "ada" },
  connection: { id: connectionId(randomUUID()), name: "pg-demo" },
  protocol: "postgres",
  from: "127.0.0.1",
  startedAt: new Date(),
});

/** Rows in memory; can be away, and can have forgotten the replica. */
function memoryStore() {
  const rows = new Map<SessionId, LiveSession>();
  const kills: Kill[] = [];
  const state = { away: false, known: true, syncs: 0, tell: () => {} };
  const store: SessionStore = {
    async sync(_replica, began, ended) {
      if (state.away) throw new HoopError("unavailable", "away");
      state.syncs += 1;
      const { known } = state;
      if (!known) rows.clear();
      state.known = true;
      for (const session of began) rows.set(session.id, session);
      for (const id of ended) rows.delete(id);
      return known;
    },
    list: async () => [...rows.values()],
    get: async (id) => rows.get(id) ?? null,
    addKill: async (kill) => void kills.push(kill),
    kills: async (sessions) => kills.filter((kill) => sessions.includes(kill.session)),
    leave: async () => rows.clear(),
    watch(listener) {
      state.tell = listener;
      return () => {};
    },
  };
  return { store, rows, kills, state };
}

test("what begins and ends while the store is away is told when it is back", async () => {
  const { store, rows, state } = memoryStore();
  const directory = await createSessionDirectory({ store, replica: randomUUID(), log });
  const [stays, goes] = [one(), one()];
  state.away = true;
  directory.register(stays);
  directory.register(goes);
  await new Promise((resolve) => setTimeout(resolve, 200));
  directory.end(goes.id);
  state.away = false;
  await expect.poll(() => [...rows.keys()]).toEqual([stays.id]);
  await directory.close();
});

test("a replica that was given up tells all of its sessions again", async () => {
  const { store, rows, state } = memoryStore();
  const directory = await createSessionDirectory({ store, replica: randomUUID(), log });
  const [first, second] = [one(), one()];
  directory.register(first);
  await expect.poll(() => rows.size).toBe(1);
  state.known = false;
  directory.register(second);
  await expect.poll(() => new Set(rows.keys())).toEqual(new Set([first.id, second.id]));
  await directory.close();
});

test("sessions that begin one after the other do not put off the first", async () => {
  const { store, rows } = memoryStore();
  const directory = await createSessionDirectory({ store, replica: randomUUID(), log });
  const stream = setInterval(() => directory.register(one()), 20);
  await expect.poll(() => rows.size).toBeGreaterThan(0);
  clearInterval(stream);
  await directory.close();
});

test("a kill is told once, and only to the replica that has the session", async () => {
  const { store, kills, state } = memoryStore();
  const directory = await createSessionDirectory({ store, replica: randomUUID(), log });
  const session = one();
  directory.register(session);
  const told: Kill[] = [];
  directory.onKill((kill) => told.push(kill));
  const kill = { session: session.id, by: "grace", reason: "lunch" };
  kills.push(kill, { ...kill, session: one().id });
  state.tell();
  state.tell();
  await expect.poll(() => told).toEqual([kill]);
  await directory.requestKill(session.id, "grace", "again");
  expect(told).toEqual([kill]);
  await expect(directory.requestKill(one().id, "grace", "x")).rejects.toMatchObject({ code: "not-found" });
  await directory.close();
});
