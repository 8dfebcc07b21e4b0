import type { ConnectionSource } from "../connections/source.js";
import type { Authenticator } from "../identity/authenticator.js";
import { connectAnalysis } from "../policy/connect.js";
import type { EndReason } from "../protocol/index.js";
import { answerableFor, type GrantSource, type SubjectId } from "../vocabulary/index.js";
import { mayStay, takeRights } from "./asker.js";
import type { GatePorts } from "./context.js";
import type { OpenSession, OpenSessions } from "./open-sessions.js";

export interface WatchPorts {
  readonly gate: GatePorts;
  readonly open: OpenSessions;
  readonly authenticator: Authenticator;
  readonly connections: ConnectionSource;
  /** Access granted for a time; absent: there is none. */
  readonly grants?: Pick<GrantSource, "watch"> | undefined;
}

/** Delegations and keys end by the clock, too, and what they opened within a second. */
const clockMs = 500;

function nameOf({ asker: { subject } }: OpenSession, id: SubjectId): string {
  return subject.onBehalfOf?.id === id ? subject.onBehalfOf.name : subject.name;
}

function endedText({ asker: { subject } }: OpenSession, why: string | undefined): string {
  if (subject.onBehalfOf !== undefined)
    return `${subject.onBehalfOf.name} lets ${subject.name} act for them no more, or the key behind it was revoked`;
  return subject.kind === "person"
    ? `the login that opened this session has ended${why ? `: ${why}` : ""}`
    : "the key or login that opened this session was revoked";
}

/** A user at the target keeps the roles that it was made with: they are never changed under a session. */
function otherRights({ asker: { connection } }: OpenSession): string {
  return `your roles at ${connection.name} changed, and this session's user was made with the former ones: connect again`;
}

/**
 * Re-judges open sessions whenever what they rest on changes: rules, the subject's rights and grants, the connection. Answers the way
 * to stop watching.
 */
export function watchRights(ports: WatchPorts): () => void {
  function end(session: OpenSession, text: string): void {
    const reason: EndReason = { code: "revoked", text };
    session.order({ kind: "end", reason });
  }

  const known = ({ id }: OpenSession) => ({ usage: ports.gate.budgets?.usage, session: id });

  /** Ends the session if it may not be open any more; else has its standing answers asked again. */
  function rejudge(session: OpenSession): void {
    const { subject, connection } = session.asker;
    const freshness = (): number | null =>
      ports.gate.people?.freshness.age(answerableFor(subject).id, connection.name) ?? null;
    const { verdict } = ports.gate.policy.current().decide({
      subject,
      connection,
      analysis: connectAnalysis(connection),
      now: ports.gate.now(),
      freshness,
      ...known(session),
    });
    if (mayStay(session.asker, verdict)) {
      if (session.asker.outdated?.()) return end(session, otherRights(session));
      return session.order({ kind: "rejudge" });
    }
    end(
      session,
      `access to ${connection.name} was withdrawn: ${verdict.reasons.map((reason) => reason.text).join("; ")}`,
    );
  }

  // A rule with hours ends sessions by the clock alone: nothing else would look at them again.
  const clock = setInterval(() => {
    const policy = ports.gate.policy.current();
    for (const session of [...ports.open.all()]) {
      const { subject, connection } = session.asker;
      const decision = policy.decide({
        subject,
        connection,
        analysis: connectAnalysis(connection),
        now: ports.gate.now(),
        ...known(session),
      });
      if (session.asker.outdated?.()) {
        end(session, otherRights(session));
        continue;
      }
      if (!decision.dependsOn.has("clock") || mayStay(session.asker, decision.verdict)) continue;
      end(
        session,
        `access to ${connection.name} is over for now: ${decision.verdict.reasons.map((reason) => reason.text).join("; ")}`,
      );
    }
  }, clockMs).unref();

  const stops = [
    () => clearInterval(clock),
    ports.gate.policy.watch(() => {
      for (const session of [...ports.open.all()]) rejudge(session);
    }),
    ports.authenticator.watch((id, subject, endedLogins, why) => {
      for (const session of ports.open.concerning(id)) {
        if (subject === null) end(session, `${nameOf(session, id)} was disabled or removed`);
        else if (endedLogins.includes(session.asker.login))
          end(session, endedText(session, why.get(session.asker.login)));
        else {
          takeRights(session.asker, id, subject);
          rejudge(session);
        }
      }
    }),
    ports.grants?.watch((id) => {
      for (const session of ports.open.concerning(id)) {
        // Another object: what was decided for the subject as it was is decided anew.
        session.asker.subject = { ...session.asker.subject };
        rejudge(session);
      }
    }) ?? (() => {}),
    // Portals that are open were judged by definitions that may hold no longer.
    ports.gate.catalogues.watch(({ id }) => {
      for (const session of [...ports.open.all()])
        if (session.asker.connection.id === id) session.order({ kind: "rejudge" });
    }),
    ports.connections.watch(() => {
      for (const session of [...ports.open.all()]) {
        const old = session.asker.connection;
        const now = ports.connections.byName(old.name);
        if (!now || now.id !== old.id) end(session, `connection ${old.name} was removed`);
        else if (
          now.host !== old.host ||
          now.port !== old.port ||
          now.agent !== old.agent ||
          now.protocol !== old.protocol
        )
          end(session, `connection ${old.name} leads elsewhere now`);
        else if (now.version !== old.version) {
          session.asker.connection = now;
          rejudge(session);
        }
      }
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
