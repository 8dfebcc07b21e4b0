import type { EndReason, Order } from "../protocol/index.js";
import type { ConnectionId, SessionId, SubjectId } from "../vocabulary/index.js";
import type { Asker } from "./gate.js";

/** A session that is open on this replica. */
export interface OpenSession {
  readonly id: SessionId;
  readonly asker: Asker;
  readonly startedAt: number;
  order(order: Order): void;
  /** Resolves when the session has ended and its last entry is appended. */
  readonly ended: Promise<EndReason>;
}

/** The sessions of this replica, and the cancel keys that they claimed. */
export interface OpenSessions {
  add(session: OpenSession): void;
  remove(id: SessionId): void;
  get(id: SessionId): OpenSession | undefined;
  all(): Iterable<OpenSession>;
  /** Those of the subject, and those of machines that act for it. A list of its own: sessions may end while it is gone through. */
  concerning(subject: SubjectId): readonly OpenSession[];
  readonly size: number;
  claim(key: string, session: SessionId): void;
  /** Delivers a cancel to the session that claimed the key, if it is the same subject's on the same connection. Else: silence. */
  cancel(key: string, subject: SubjectId, connection: ConnectionId): void;
  /** The same for who proves nothing but that it knows the key, as native clients do; only sessions that `may` says. */
  cancelByKey(key: string, may: (session: OpenSession) => boolean): void;
}

export function createOpenSessions(): OpenSessions {
  const sessions = new Map<SessionId, OpenSession>();
  const bySubject = new Map<SubjectId, Set<OpenSession>>();
  const claims = new Map<string, SessionId>();
  const claimed = new Map<SessionId, string[]>();

  return {
    get size() {
      return sessions.size;
    },
    add(session) {
      sessions.set(session.id, session);
      for (const subject of concerned(session)) {
        const known = bySubject.get(subject);
        if (known === undefined) bySubject.set(subject, new Set([session]));
        else known.add(session);
      }
    },
    remove(id) {
      const session = sessions.get(id);
      sessions.delete(id);
      for (const subject of session === undefined ? [] : concerned(session)) {
        const known = bySubject.get(subject);
        known?.delete(session!);
        if (known?.size === 0) bySubject.delete(subject);
      }
      for (const key of claimed.get(id) ?? []) claims.delete(key);
      claimed.delete(id);
    },
    get: (id) => sessions.get(id),
    all: () => sessions.values(),
    concerning: (subject) => [...(bySubject.get(subject) ?? [])],
    claim(key, session) {
      claims.set(key, session);
      claimed.set(session, [...(claimed.get(session) ?? []), key]);
    },
    cancel(key, subject, connection) {
      const id = claims.get(key);
      const session = id && sessions.get(id);
      if (!session || session.asker.subject.id !== subject || session.asker.connection.id !== connection) return;
      session.order({ kind: "cancel" });
    },
    cancelByKey(key, may) {
      const id = claims.get(key);
      const session = id && sessions.get(id);
      if (session && may(session)) session.order({ kind: "cancel" });
    },
  };
}

/** Whose rights a session rests on; they never change while it is open, only what they may does. */
function concerned({ asker: { subject } }: OpenSession): readonly SubjectId[] {
  return subject.onBehalfOf === undefined ? [subject.id] : [subject.id, subject.onBehalfOf.id];
}
