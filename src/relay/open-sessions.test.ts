import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Order } from "../protocol/index.js";
import {
  type Connection,
  type ConnectionId,
  connectionId,
  type Subject,
  type SubjectId,
  sessionId,
  subjectId,
} from "../vocabulary/index.js";
import { createOpenSessions, type OpenSession } from "./open-sessions.js";

function session(subject: SubjectId, connection: ConnectionId): OpenSession & { readonly orders: Order[] } {
  const orders: Order[] = [];
  const id = sessionId(randomUUID());
  const asker = {
    session: id,
    login: "l",
    subject: { id: subject } as Subject,
    connection: { id: connection } as Connection,
  };
  return { id, asker, startedAt: 0, orders, order: (order) => void orders.push(order), ended: new Promise(() => {}) };
}

describe("a cancel key", () => {
  const [ada, bob] = [subjectId(randomUUID()), subjectId(randomUUID())];
  const [pg, other] = [connectionId(randomUUID()), connectionId(randomUUID())];

  it("reaches its session for the same subject on the same connection, and nobody else's", () => {
    const open = createOpenSessions();
    const hers = session(ada, pg);
    open.add(hers);
    open.claim("key", hers.id);
    open.cancel("key", bob, pg);
    open.cancel("key", ada, other);
    open.cancel("another key", ada, pg);
    open.cancel("", ada, pg);
    expect(hers.orders).toEqual([]);
    open.cancel("key", ada, pg);
    expect(hers.orders).toEqual([{ kind: "cancel" }]);
  });

  it("is worth nothing once its session has ended", () => {
    const open = createOpenSessions();
    const [first, second] = [session(ada, pg), session(ada, pg)];
    for (const one of [first, second]) open.add(one);
    open.claim("key", first.id);
    open.remove(first.id);
    open.cancel("key", ada, pg);
    expect([...first.orders, ...second.orders]).toEqual([]);
  });
});
