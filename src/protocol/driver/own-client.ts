import { randomBytes, randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { createMemoryPipes, pipeDuplex } from "../../transport/index.js";
import type { Pipe } from "../../transport/pipe.js";
import { type Connection, HoopError, sessionId, subjectId } from "../../vocabulary/index.js";
import type { CreateSession, TargetCredential } from "../session.js";
import { serveWire } from "./serve-wire.js";

/**
 * A stream for a client library of Hoop's own use (reading the catalogue): it speaks to a session that logs in to the target as
 * any other does, with the same TLS and the same care for the secret. Only for a session that asks nothing of a gate; one
 * that does is answered with a denial.
 */
export function openOwnClient(
  createSession: CreateSession,
  open: () => Promise<Pipe>,
  connection: Connection,
  credential: TargetCredential,
): Duplex {
  const [ours, theirs] = createMemoryPipes(`own client of ${connection.name}`);
  const stop = new AbortController();
  void serveWire(createSession)({
    init: {
      session: sessionId(randomUUID()),
      subject: { id: subjectId(randomUUID()), kind: "service", name: "hoop", groups: [], version: 0 },
      connection,
      refusal: null,
      credential,
      viaAgent: connection.agent !== null,
      clientTls: false,
      limits: { maxFrame: 64 * 1024 * 1024, maxQueued: 1024 * 1024, handshakeMs: 15_000 },
      random: randomBytes,
    },
    client: ours,
    dial: () => open(),
    gate: {
      judge: (_id, _ask, answer) => answer({ outcome: "deny", reasons: [], analysis: null }),
      lookup: (_ask, _relations, answer) => answer(new HoopError("unsupported", "nothing is looked up here")),
    },
    note: () => {},
    serverCertificate: () => Promise.reject(new HoopError("unsupported", "no TLS in memory")),
    onOrder: () => {},
    cancels: { register: () => {}, signal: () => {} },
    signal: stop.signal,
  });
  return pipeDuplex(theirs);
}
