import type { AgentRegistry } from "../agents/index.js";
import type { ApiDeps, RecordedSession } from "../api/index.js";
import type { Budgets } from "../budgets/index.js";
import type { Connections } from "../connections/index.js";
import type { Identity } from "../identity/index.js";
import type { Machines } from "../identity/machines/index.js";
import type { Pki } from "../pki/index.js";
import { connectAnalysis, type LivePolicySource, type PolicyStore } from "../policy/index.js";
import {
  type AuditService,
  type Feeder,
  type Recorder,
  type RecordingKeys,
  type RecordingStore,
  readBodies,
  type SessionSummary,
} from "../recording/index.js";
import type { Catalogues, Protocols } from "../relay/context.js";
import { credentialFrom } from "../relay/credential-from.js";
import type { OpenSessions } from "../relay/open-sessions.js";
import type { Reviews } from "../reviews/index.js";
import type { CredentialProvider, SecretVault } from "../secrets/index.js";
import type { SessionDirectory } from "../sessions/index.js";
import { type SqlAnalyser, showText } from "../sql/index.js";
import type { Store } from "../storage/store.js";
import type { Pipe } from "../transport/pipe.js";
import { type Connection, sessionId } from "../vocabulary/index.js";
import { textAnalyser } from "./analyse-text.js";
import { type GatewayConfig, suffix } from "./config.js";
import { freshness } from "./freshness.js";
import { maskRehearsal, type RehearsalMasking } from "./mask-rehearsal.js";
import { notReady } from "./not-ready.js";
import { policyTools } from "./policy-tools.js";
import { createReveals } from "./reveals.js";
import { createScreens } from "./screens/screens.js";
import { version } from "./version.js";

/** What the assembly has made, for the API. */
export interface ApiParts {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly machines: Machines;
  readonly connections: Connections;
  readonly policy: LivePolicySource;
  readonly policyStore: PolicyStore;
  readonly credentials: CredentialProvider;
  readonly nativeAccess: ApiDeps["credentials"];
  readonly protocols: Protocols;
  readonly dial: (connection: Connection, signal: AbortSignal) => Promise<Pipe>;
  readonly catalogues: Catalogues;
  readonly analyser: SqlAnalyser;
  readonly agents: AgentRegistry;
  readonly directory: SessionDirectory;
  readonly reviews: Reviews;
  readonly budgets: Budgets;
  readonly reviewLink: (id: string) => string;
  readonly runbooks: ApiDeps["runbooks"];
  readonly metrics: ApiDeps["metrics"];
  readonly exporters: ApiDeps["exporters"];
  /** For masks that hash or make pseudonyms. */
  readonly maskKey: Buffer;
  readonly reactions: ApiDeps["events"];
  readonly recordings: RecordingStore;
  readonly recorder: Recorder;
  /** Null: the recorder commits to the store itself. */
  readonly feeder: Feeder | null;
  readonly audit: AuditService;
  readonly recordingKeys: Pick<RecordingKeys, "byId">;
  readonly vault: SecretVault;
  readonly pki: Pki;
  readonly store: Store;
  readonly open: OpenSessions;
  readonly replica: string;
  readonly startedAt: Date;
  readonly closed: () => string | null;
  readonly apps: NonNullable<ApiDeps["apps"]>;
  readonly jwks: () => object;
  /** HOST:PORT where lanes go. */
  readonly grpc: string;
}

/** The ports that the API calls, on what the assembly has made. */
export function apiDeps(parts: ApiParts): ApiDeps {
  const { config, policy, protocols, agents, recordings, recorder, feeder, store } = parts;
  const freshly = async (): Promise<void> => void (await freshness(feeder));
  const mayConnect: ApiDeps["mayConnect"] = (subject, connection) =>
    policy.current().decide({ subject, connection, analysis: connectAnalysis(connection), now: Date.now() }).verdict
      .outcome !== "deny";
  const masking: RehearsalMasking = {
    policy,
    connection: (id) => parts.connections.source.list().find((connection) => connection.id === id),
    mayConnect,
    key: parts.maskKey,
  };

  return {
    apps: parts.apps,
    credentials: parts.nativeAccess,
    jwks: parts.jwks,
    identity: parts.identity,
    machines: parts.machines,
    connections: parts.connections,
    mayConnect,
    async testConnection(connection, subject, signal) {
      const protocol = protocols.get(connection.protocol);
      if (!protocol?.operate) {
        // What nobody can log in to from here can still be away, or not allowed at its agent.
        const pipe = await parts.dial(connection, signal);
        pipe.abort({ code: "cancelled", text: "the target was reached, which was to be seen" });
        return { serverVersion: null };
      }
      const lease = await parts.credentials.lease(
        connection,
        subject,
        signal,
        parts.policy.current().targetRoles(subject, connection, Date.now()),
      );
      try {
        const operator = await protocol.operate(
          () => parts.dial(connection, signal),
          connection,
          credentialFrom(lease),
          null,
        );
        try {
          return { serverVersion: await operator.ping() };
        } finally {
          operator.close();
        }
      } finally {
        await lease.release();
      }
    },
    example: (connection) =>
      protocols.get(connection.protocol)?.example(connection, {
        host: `${connection.name}.${suffix}`,
        port: protocols.get(connection.protocol)!.defaultPort,
      }) ?? "",
    agents: { list: agents.agents, createJoinToken: agents.createJoinToken, revoke: agents.revoke },
    policy: { store: parts.policyStore, source: policy, tools: policyTools(parts, freshly) },
    analyse: textAnalyser(parts),
    sessions: parts.directory,
    reviews: parts.reviews,
    runbooks: parts.runbooks,
    metrics: parts.metrics,
    exporters: parts.exporters,
    reviewing: {
      link: parts.reviewLink,
      show: showText,
      maskRehearsal: (viewer, review, rehearsal) => maskRehearsal(masking, viewer, review, rehearsal),
    },
    events: parts.reactions,
    recordings: {
      async sessions({ subject, within, connection, after, limit }) {
        const behind = await freshness(feeder);
        const page = await recordings.sessions({ subject, within, connection }, after ?? null, limit);
        return { items: page.sessions.map(recordedSession), next: page.next, ...(behind > 0 && { behind }) };
      },
      async session(id) {
        await freshly();
        const found = await recordings.session(sessionId(id));
        return found && recordedSession(found);
      },
      async entries(session, { after, limit }) {
        const page = await recordings.sessionEntries(sessionId(session), after ?? null, limit);
        return { items: await readBodies(recordings, page.entries), next: page.next };
      },
    },
    screens: createScreens({ store: recordings, keys: parts.recordingKeys, open: parts.open, freshly }),
    reveals: createReveals({ reviews: parts.reviews, policy, recorder, key: parts.maskKey }),
    audit: {
      ...parts.audit,
      async changes(mark, limit) {
        await freshly();
        return parts.audit.changes(mark, limit);
      },
      async reveal(request, allow) {
        await freshly();
        return parts.audit.reveal(request, allow);
      },
    },
    secrets: { rotate: () => parts.vault.rotate() },
    authority: () => parts.pki.authorities("names"),
    tunnel: () => ({
      url: `${config.HOOP_TLS === "on" ? "https" : "http"}://${parts.grpc}`,
      authority: config.HOOP_TLS === "on" ? parts.pki.authorities("agents") : "",
    }),
    recorder,
    status: () => ({
      version,
      replica: parts.replica,
      startedAt: parts.startedAt,
      sessions: parts.open.size,
      agents: agents.list().length,
      policyVersion: policy.current().version,
      policyProblem: policy.problem(),
      storeStaleMs: store.changes.staleness(),
      recording: recorder.healthy(),
    }),
    notReady: () => notReady({ ...parts, maxStaleMs: config.HOOP_MAX_STALE_MS }),
  };
}

function recordedSession(summary: SessionSummary): RecordedSession {
  return {
    id: summary.session,
    subject: { id: summary.subject, name: summary.name },
    connection: summary.connection,
    protocol: summary.protocol,
    from: summary.from,
    startedAt: summary.started,
    endedAt: summary.ended,
    statements: summary.statements,
    end: summary.endReason === null ? null : { code: summary.refused ? "refused" : "ended", text: summary.endReason },
  };
}
