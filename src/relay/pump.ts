import type {
  EndReason,
  Order,
  Protocol,
  ServerCertificate,
  SessionHost,
  SessionInit,
  SessionKeys,
} from "../protocol/index.js";
import type { Pipe } from "../transport/pipe.js";
import { type Connection, HoopError, hoopErrorFrom, nameWithPerson, type SessionId } from "../vocabulary/index.js";
import type { GatePorts } from "./context.js";
import { type Asker, createGate, type SessionGate } from "./gate.js";
import type { OpenSession, OpenSessions } from "./open-sessions.js";
import { type Pauses, pausable } from "./pauses.js";
import { leasedWhenAllowed, type SessionLease } from "./session-lease.js";

export interface PumpPorts {
  readonly gate: GatePorts;
  readonly open: OpenSessions;
  /** Another way to judge; only measurements of what judging costs give one. */
  readonly createGate?: (
    ports: GatePorts,
    asker: Asker,
    language: string,
    order: (order: Order) => void,
  ) => SessionGate;
  /** Sessions that rules have paused; absent: none ever is. */
  readonly pauses?: Pauses | undefined;
  dial(connection: Connection, signal: AbortSignal): Promise<Pipe>;
  serverCertificate(connection: Connection): Promise<ServerCertificate>;
  /** For protocols that know hosts and users by keys. */
  readonly keys?: (session: SessionInit) => SessionKeys;
  /** Where `sessions ls` looks, on every replica. Failing costs the listing, never the session. */
  readonly directory: {
    register(session: {
      id: SessionId;
      subject: Asker["subject"];
      connection: Connection;
      protocol: string;
      from: string;
      startedAt: Date;
    }): void;
    end(id: SessionId): void;
  };
  readonly log: { warn(fields: object, text: string): void };
}

/** Runs one session from its first byte to its last entry. Never throws: what fails is the session's end reason. */
export async function pump(
  ports: PumpPorts,
  lane: {
    init: SessionInit;
    login: string;
    from: string;
    protocol: Protocol;
    client: Pipe;
    /** Its credential: of an access that waits for people, had when they have allowed it. */
    lease?: Pick<SessionLease, "take" | "renew" | "outdated">;
  },
): Promise<EndReason> {
  const { init, protocol, client } = lane;
  const asker: Asker = {
    ...{ session: init.session, login: lane.login, subject: init.subject, connection: init.connection },
    outdated: () => lane.lease?.outdated(asker.subject, asker.connection) ?? false,
  };
  if (init.asksToConnect) asker.admitted = null;
  const listeners: ((order: Order) => void)[] = [];
  const early: Order[] = [];
  const order = (order: Order): void => {
    if (listeners.length === 0) early.push(order);
    else for (const listener of listeners) listener(order);
  };
  const judged = (ports.createGate ?? createGate)(ports.gate, asker, protocol.language, order);
  const { lease } = lane;
  const leased = init.asksToConnect && lease ? leasedWhenAllowed(judged, () => lease.take(asker.subject)) : judged;
  const gate = ports.pauses === undefined ? leased : pausable(leased, ports.pauses, asker, order);
  const over = new AbortController();
  const startedAt = ports.gate.now();
  /** Weak, so that a lane which dials for a day keeps none of the pipes that closed long ago; an open one is held by its socket. */
  const targets = new Set<WeakRef<Pipe>>();

  const host: SessionHost = {
    init,
    client,
    gate,
    signal: over.signal,
    async dial(signal) {
      // A protocol that knows nothing of waiting for people gets nowhere.
      if (asker.admitted === null) throw new HoopError("denied", "access to this connection waits for approval");
      await lane.lease?.renew();
      const target = await ports.dial(asker.connection, signal);
      for (const known of targets) if (known.deref() === undefined) targets.delete(known);
      targets.add(new WeakRef(target));
      return target;
    },
    note(note, written) {
      if (note.kind === "finished") return gate.note(note);
      // Before anything is asked: a mask may spare a purpose.
      if (note.kind === "ready") asker.purpose = note.client.purpose;
      if (note.kind === "ready")
        ports.gate.recorder.append({
          kind: "session-ready",
          session: init.session,
          target: note.targetVersion,
          client: note.client,
        });
      else if (note.kind === "screen") ports.gate.recorder.append({ ...note, session: init.session }, written);
      else ports.gate.recorder.append({ kind: "warning", session: init.session, text: note.text });
    },
    serverCertificate: () => ports.serverCertificate(asker.connection),
    keys: ports.keys?.(init),
    onOrder(listener) {
      listeners.push(listener);
      for (const order of early.splice(0)) listener(order);
    },
    cancels: {
      register: (key) => ports.open.claim(key, init.session),
      signal: (key) => ports.open.cancel(key, asker.subject.id, asker.connection.id),
    },
  };

  const served = protocol.serve(host).catch((error: unknown): EndReason => {
    ports.log.warn({ err: error, session: init.session }, "a session failed");
    client.abort({ code: "internal", text: "this session failed inside Hoop" });
    return { code: "internal", text: hoopErrorFrom(error).message };
  });
  const session: OpenSession = {
    id: init.session,
    asker,
    startedAt,
    order,
    ended: served,
  };
  ports.open.add(session);
  if (!init.refusal) {
    ports.directory.register({
      id: init.session,
      subject: { ...init.subject, name: nameWithPerson(init.subject) },
      connection: init.connection,
      protocol: protocol.name,
      from: lane.from,
      startedAt: new Date(startedAt),
    });
  }
  try {
    const reason = await served;
    ports.gate.recorder.append({
      kind: "session-closed",
      session: init.session,
      reason,
      bytesIn: client.bytesIn,
      bytesOut: client.bytesOut,
      statements: gate.statements,
      durationMs: ports.gate.now() - startedAt,
    });
    return reason;
  } finally {
    over.abort();
    gate.close?.();
    ports.gate.budgets?.forget(init.session);
    ports.open.remove(init.session);
    if (!init.refusal) ports.directory.end(init.session);
    // Whatever the protocol left open is closed here, so that no way of ending leaks a target connection.
    for (const target of targets) target.deref()?.abort({ code: "cancelled", text: "the session is over" });
  }
}
