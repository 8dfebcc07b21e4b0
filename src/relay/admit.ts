import { randomBytes, randomUUID } from "node:crypto";
import type { ConnectionSource } from "../connections/source.js";
import type { Authenticated, Authenticator } from "../identity/authenticator.js";
import { connectAnalysis } from "../policy/connect.js";
import { unmetDemand } from "../policy/demands.js";
import type { Protocol, SessionInit, SessionLimits } from "../protocol/index.js";
import type { CredentialProvider } from "../secrets/lease.js";
import type { Pipe, PipeAbort } from "../transport/pipe.js";
import {
  answerableFor,
  type Connection,
  HoopError,
  hoopErrorFrom,
  type Reason,
  type Subject,
  sessionId,
} from "../vocabulary/index.js";
import { actorOf } from "./actor-of.js";
import type { GatePorts, Protocols } from "./context.js";
import type { EntryTurns, Leave } from "./entry-turns.js";
import { type PumpPorts, pump } from "./pump.js";
import { SessionLease } from "./session-lease.js";

/** A lane that asks to become a session. */
export interface LaneRequest {
  readonly client: Pipe;
  readonly token: string;
  /** The connection's name, as the tunnel announced it. */
  readonly connection: string;
  /** Where the lane came from, for the record. */
  readonly from: string;
  /** The run of a runbook that opened it; absent: somebody's own client. */
  readonly run?: string | undefined;
  /** What led to that run, the first link first. */
  readonly cause?:
    | readonly { readonly event: string; readonly rule: string; readonly run: string | null }[]
    | undefined;
  /** Whether whoever opened the lane has given it up; absent: that is not known. */
  readonly gone?: (() => boolean) | undefined;
  /** Told the session's id before anything is decided on it. */
  readonly opened?: ((session: SessionInit["session"]) => void) | undefined;
}

export interface AdmitPorts extends PumpPorts {
  readonly gate: GatePorts;
  readonly authenticator: Authenticator;
  readonly connections: ConnectionSource;
  readonly credentials: CredentialProvider;
  readonly protocols: Protocols;
  /** For masks that hash: the same on every replica, so that equal values stay equal. */
  readonly maskKey: Buffer;
  readonly limits: SessionLimits & { readonly sessions: number; readonly sessionsPerSubject: number };
  /** One for all lanes of this replica, whatever way they come in. */
  readonly turns: EntryTurns;
  /** Not null: this replica takes no new sessions, and why. */
  readonly closed: () => string | null;
  readonly log: { warn(fields: object, text: string): void };
}

type Refusal = NonNullable<SessionInit["refusal"]>;

/**
 * From a lane to a running session: token → subject, name → connection, policy on the connect, credential. What is refused
 * after the protocol is known is said in the protocol's own words; before that, by the lane's status.
 */
export async function admit(ports: AdmitPorts, lane: LaneRequest): Promise<void> {
  let subject: Subject;
  let login: string;
  try {
    ({ subject, login } = await ports.authenticator.authenticate(lane.token, lane.from));
  } catch (error) {
    return lane.client.abort(abortFrom(hoopErrorFrom(error)));
  }
  const connection = ports.connections.byName(lane.connection.toLowerCase());
  const protocol = connection && ports.protocols.get(connection.protocol);
  if (!connection || !protocol) {
    return lane.client.abort({
      code: "denied",
      text: `no connection is named ${JSON.stringify(lane.connection.slice(0, 63))}, or you may not use it`,
    });
  }

  let leave: Leave | null;
  try {
    leave = await ports.turns.enter(`${subject.id} ${connection.id}`, lane.gone ?? (() => false));
  } catch (error) {
    return lane.client.abort(abortFrom(hoopErrorFrom(error)));
  }
  if (leave === null || lane.gone?.()) return leave?.();
  try {
    await serve(ports, lane, { subject, login, connection, protocol }, leave);
  } finally {
    leave();
  }
}

/** The lane's turn has come; `leave` is called when it is among the open sessions. */
async function serve(
  ports: AdmitPorts,
  lane: LaneRequest,
  who: {
    readonly subject: Subject;
    readonly login: string;
    readonly connection: Connection;
    readonly protocol: Protocol;
  },
  leave: Leave,
): Promise<void> {
  const { login, connection, protocol } = who;
  let { subject } = who;
  const session = sessionId(randomUUID());
  lane.opened?.(session);
  const { reasons, refusal, asks } = judgeConnect(ports, subject, connection);
  const lease = new SessionLease(ports.credentials, connection, ports.limits.handshakeMs, (asker) =>
    ports.gate.policy.current().targetRoles(asker, connection, ports.gate.now()),
  );
  let refused = refusal;
  // Where people are asked first nothing is made or taken out for an access that they may deny.
  if (!refused && !asks) {
    try {
      await lease.take(subject);
    } catch (error) {
      const failure = hoopErrorFrom(error);
      ports.log.warn({ err: error, connection: connection.name }, "no credential for a session");
      refused = { code: "unavailable", text: failure.message, hint: failure.hint };
    }
  }
  const recorded = await record(ports, session, subject, connection, lane, reasons, refused);
  if (!recorded && !refused)
    refused = {
      code: "unavailable",
      text: "this session could not be recorded, so it may not begin",
      hint: "the gateway's journal does not take entries; tell whoever runs it",
    };

  // Rights may have gone while the credential and the journal were waited for.
  const since = await ports.authenticator
    .authenticate(lane.token, lane.from)
    .catch((error: unknown) => hoopErrorFrom(error));
  // From here to the session's place in the list of open ones, which every change of rights goes through, nothing else runs.
  const now = judgedSince(ports, since, subject, connection);
  refused ??= now.refusal;
  if (!(since instanceof HoopError) && since.subject.id === subject.id) subject = since.subject;
  if (!refused && lease.outdated(subject, connection))
    refused = {
      code: "unavailable",
      text: `your roles at ${connection.name} changed at this moment`,
      hint: "connect again",
    };

  if (refused) lease.withhold();
  const init: SessionInit = {
    session,
    subject,
    connection,
    refusal: refused,
    asksToConnect: asks || now.asks,
    get credential() {
      return lease.credential;
    },
    viaAgent: connection.agent !== null,
    clientTls: true,
    limits: ports.limits,
    maskKey: ports.maskKey,
    random: randomBytes,
  };
  try {
    const ended = pump(ports, {
      ...{ init, login, from: lane.from, protocol, client: lane.client },
      lease,
    });
    leave();
    await ended;
  } finally {
    await lease.release();
  }
}

/** Whether the asker may go on still. */
function judgedSince(
  ports: AdmitPorts,
  since: Authenticated | HoopError,
  before: Subject,
  connection: Connection,
): Pick<Judged, "refusal" | "asks"> {
  const not = (refusal: Refusal): Pick<Judged, "refusal" | "asks"> => ({ refusal, asks: false });
  if (since instanceof HoopError) return not({ code: "denied", text: since.message, hint: since.hint });
  if (since.subject.id !== before.id || since.subject.onBehalfOf?.id !== before.onBehalfOf?.id)
    return not({ code: "denied", text: "this login is somebody else's now" });
  const now = ports.connections.byName(connection.name);
  if (now?.id !== connection.id || now.version !== connection.version) {
    return not({
      code: "unavailable",
      text: `connection ${connection.name} was changed at this moment`,
      hint: "connect again",
    });
  }
  return judgeConnect(ports, since.subject, connection);
}

/** What the rules say of an access. */
interface Judged {
  readonly reasons: readonly Reason[];
  readonly refusal: Refusal | null;
  /** People are to be asked first: the session does that, as only it can tell its client to wait. */
  readonly asks: boolean;
}

function judgeConnect(ports: AdmitPorts, subject: Subject, connection: Connection): Judged {
  const closed = ports.closed();
  if (closed) return no("unavailable", "closed", closed);
  if (ports.gate.staleness() > ports.gate.maxStaleMs)
    return no(
      "unavailable",
      "store-unreachable",
      "the gateway has lost its store for too long to know whether you still may do this",
    );
  if (ports.open.size >= ports.limits.sessions)
    return no("limited", "too-many-sessions", "this gateway serves as many sessions as it may");
  const own = ports.open.concerning(subject.id).length;
  if (own >= ports.limits.sessionsPerSubject)
    return no(
      "limited",
      "too-many-sessions-of-yours",
      `you have ${own} sessions open, which is as many as one may have`,
    );
  const freshness = (): number | null =>
    ports.gate.people?.freshness.age(answerableFor(subject).id, connection.name) ?? null;
  const { verdict } = ports.gate.policy.current().decide({
    ...{ subject, connection, analysis: connectAnalysis(connection), now: ports.gate.now(), freshness },
    usage: ports.gate.budgets?.usage,
  });
  const asks = verdict.outcome === "hold" || verdict.outcome === "challenge";
  if (verdict.outcome === "allow" || asks) {
    const lacks = lacking(ports, subject, connection, asks);
    return lacks ? no("denied", "protocol-cannot", lacks) : { reasons: verdict.reasons, refusal: null, asks };
  }
  return {
    asks: false,
    reasons: verdict.reasons,
    refusal: {
      code: "denied",
      text: verdict.reasons.map((reason) => reason.text).join("; ") || "no access rule allows this",
      hint: "ask whoever grants access to this connection",
    },
  };
}

/** What the rules ask of this session that its protocol cannot do; a rule without effect must never look like one with. */
function lacking(ports: AdmitPorts, subject: Subject, connection: Connection, asks: boolean): string | null {
  const protocol = ports.protocols.get(connection.protocol);
  if (!protocol) return `nothing here speaks ${connection.protocol}`;
  if (!protocol.can.has("judge-statements") && protocol.language !== "")
    return `statements of ${protocol.title} cannot be judged here`;
  if (asks && !protocol.can.has("hold"))
    return `access waits for approval or a second factor here, and ${protocol.title} has no way to wait`;
  const demands = ports.gate.policy.current().demands(subject, connection);
  return unmetDemand(demands, { ...protocol, attributes: Object.keys(protocol.attributes) });
}

function no(code: Refusal["code"], reason: string, text: string): Judged {
  return { reasons: [{ rule: null, code: reason, text }], refusal: { code, text }, asks: false };
}

/** Whether the session's first entry is in the journal. */
function record(
  ports: AdmitPorts,
  session: SessionInit["session"],
  subject: Subject,
  connection: Connection,
  { from, run, cause = [] }: Pick<LaneRequest, "from" | "run" | "cause">,
  reasons: readonly Reason[],
  refused: Refusal | null,
): Promise<boolean> {
  const why =
    refused && reasons.every((reason) => reason.text !== refused.text)
      ? [...reasons, { rule: null, code: refused.code, text: refused.text }]
      : reasons;
  return new Promise((resolve) => {
    ports.gate.recorder.append(
      {
        kind: refused ? "session-refused" : "session-opened",
        session,
        actor: actorOf(subject),
        ...(refused ? null : { groups: subject.groups }),
        connection: connection.name,
        protocol: connection.protocol,
        from,
        ...(run === undefined ? null : { run }),
        ...(cause.length === 0 ? null : { cause }),
        reasons: why,
      },
      (error) => resolve(error === null),
    );
  });
}

/** Only codes that a lane's status can carry; the text was chosen for the outside. */
export function abortFrom(error: HoopError): PipeAbort {
  switch (error.code) {
    case "unauthenticated":
    case "denied":
    case "not-found":
      return { code: "denied", text: error.message };
    case "timeout":
      return { code: "timeout", text: error.message };
    case "limited":
      return { code: "limited", text: error.message };
    case "unavailable":
      return { code: "unavailable", text: error.message };
    default:
      return { code: "internal", text: error.message };
  }
}
