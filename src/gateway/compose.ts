import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAgentRegistry, grpcErrorFrom } from "../agents/index.js";
import { createApi, listenApi } from "../api/index.js";
import { createBudgets } from "../budgets/index.js";
import { createConnections } from "../connections/index.js";
import { createIdentity } from "../identity/index.js";
import { planMasks } from "../masking/index.js";
import { agentFromCertificate, createPki } from "../pki/index.js";
import { createPolicySource, mintPermit, seedPolicy } from "../policy/index.js";
import { type AdmitPorts, admit } from "../relay/admit.js";
import { createCatalogues } from "../relay/catalogues.js";
import type { GatePorts } from "../relay/context.js";
import { drain } from "../relay/drain.js";
import { createEntryTurns } from "../relay/entry-turns.js";
import { createOpenSessions } from "../relay/open-sessions.js";
import { createPlaces } from "../relay/places.js";
import type { PumpPorts } from "../relay/pump.js";
import { createRehearsals } from "../relay/rehearsals.js";
import { watchRights } from "../relay/watch.js";
import { createSecretVault, credentialRef, loadMasterKey } from "../secrets/index.js";
import { createSessionDirectory } from "../sessions/index.js";
import { createSqlAnalyser, showText } from "../sql/index.js";
import { plainWrite, proveWrite, unexplainable } from "../sql/rehearsal/index.js";
import { createAgentStore } from "../storage/agents.js";
import { createBudgetStore } from "../storage/budgets.js";
import { createConnectionStore } from "../storage/connections.js";
import { eventLogOn } from "../storage/events/log.js";
import { eventsFromEntries } from "../storage/events.js";
import { createIdentityStore } from "../storage/identity.js";
import { openStore } from "../storage/open-store.js";
import { createPkiStore } from "../storage/pki.js";
import { createPolicyStore } from "../storage/policy.js";
import { createRecordingStore } from "../storage/recording.js";
import { createSecretStore } from "../storage/secrets.js";
import { createSessionStore } from "../storage/sessions.js";
import { createTargetKeys } from "../storage/target-keys.js";
import { createGrpcServer, isLoopback } from "../transport/grpc/index.js";
import { type Connection, HoopError } from "../vocabulary/index.js";
import { textAnalyser } from "./analyse-text.js";
import { apiDeps } from "./api-deps.js";
import { type Apps, startApps } from "./apps/apps.js";
import { boundIdle } from "./bound-idle.js";
import { clientService } from "./client-service.js";
import { type GatewayConfig, suffix } from "./config.js";
import { startCredentials } from "./credentials/credentials.js";
import { withDelegation } from "./delegation/with-delegation.js";
import { dialDirect } from "./dial-direct.js";
import { startEvents } from "./events.js";
import { startExporters } from "./exporters.js";
import { firstAdmin } from "./first-admin.js";
import { certificateHosts, httpTls } from "./listeners.js";
import type { Log } from "./log.js";
import { startMachines } from "./machines.js";
import { startNative } from "./native/start-native.js";
import { notReady } from "./not-ready.js";
import { protocols as spoken } from "./protocols.js";
import { startRecording } from "./recording.js";
import { startReviews } from "./reviews.js";
import { startRunbooks } from "./runbooks.js";
import { startSamples } from "./samples.js";
import { factorOptions } from "./second-factor.js";
import { sessionKeys } from "./session-keys.js";
import { signInParts } from "./sign-in.js";
import { eventCounts, startTelemetry } from "./telemetry.js";
import { version } from "./version.js";
import { withGrants } from "./with-grants.js";

/** A gateway that serves. */
export interface RunningGateway {
  /** `http://127.0.0.1:7480` */
  readonly http: string;
  /** `127.0.0.1:7443` */
  readonly grpc: string;
  /** How to make the first admin; null: there is one. */
  readonly setup: { readonly token: string; readonly expires: Date } | null;
  /** This was the first start, and there are samples to connect to. */
  readonly samplesMade: boolean;
  /** Takes no new sessions, tells the open ones, ends them, writes everything down, stops. */
  close(): Promise<void>;
}

export interface GatewayParts {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Another gate; only measurements of what judging costs give one. */
  readonly createGate?: PumpPorts["createGate"];
}

/** Groups of the default policy that Hoop itself does not need. */
const defaultGroups = [
  ["writers", "Change rows as well, as the default rules say."],
  ["pii-readers", "See what identifies people unmasked, as the default rules say."],
] as const;

function ignoreConflict(error: unknown): void {
  if (!(error instanceof HoopError && error.code === "conflict")) throw error;
}

/**
 * The whole assembly, one layer after the other. What was started is stopped in the opposite order, also when a later layer fails. It is long
 * because it is one list: each layer is a few lines that name what it gets, and the order of all of them is what a reader looks for here.
 */
export async function startGateway(
  config: GatewayConfig,
  { log, signal, createGate }: GatewayParts,
): Promise<RunningGateway> {
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const now = Date.now;
    const stateDir = config.HOOP_STATE_DIR;
    // As root the embedded server runs as another user, who must be able to pass through; what is secret has modes of its own.
    mkdirSync(stateDir, { recursive: true, mode: process.geteuid?.() === 0 ? 0o711 : 0o700 });
    const replica = randomUUID();
    const startedAt = new Date();
    const protocols = new Map(spoken.map((protocol) => [protocol.name as string, protocol]));

    // State: the store, and what is sealed in it.
    const master = loadMasterKey({
      key: config.HOOP_MASTER_KEY,
      keyFile: config.HOOP_MASTER_KEY_FILE,
      previous: config.HOOP_MASTER_KEY_PREVIOUS,
      stateFolder: stateDir,
    });
    const store = await openStore(
      {
        databaseUrl: config.DATABASE_URL ?? null,
        dataDir: join(stateDir, "postgres"),
        poolSize: 10,
        statementTimeoutMs: 30_000,
      },
      { log, signal },
    );
    closing.push(() => store.close());
    const vault = await createSecretVault({ store: createSecretStore(store), master });
    closing.push(
      store.changes.watch(
        "secrets",
        () => void vault.refresh().catch((error: unknown) => log.warn({ err: error }, "keys could not be read anew")),
      ),
    );
    const hosts = certificateHosts(config);
    const pki = await createPki({ store: createPkiStore(store), vault, gateway: hosts, suffix });

    // Domains.
    // Where people are sent; known at the latest when the API listens.
    let consoleUrl = config.HOOP_PUBLIC_URL ?? "";
    const reviewLink = (id: string) => `${consoleUrl}/reviews/${id}`;
    const signIn = signInParts(config, { store, vault });
    const identity = await createIdentity({
      store: createIdentityStore(store),
      providers: signIn.options,
      factors: await factorOptions({ store, vault, link: (id) => `${consoleUrl}/step-up/${id}` }),
      log,
      maxStaleMs: config.HOOP_MAX_STALE_MS,
    });
    closing.push(() => identity.close());
    const machines = startMachines({ store, identity, log });
    closing.push(() => machines.close());
    const credentialStore = {
      put: (id: Connection["id"], secret: string) => vault.put(credentialRef(id), secret),
      delete: async (id: Connection["id"]) => void (await vault.delete(credentialRef(id))),
    };
    const connections = await createConnections({
      store: createConnectionStore(store),
      protocols,
      secrets: credentialStore,
      log,
    });
    closing.push(() => connections.close());
    const policyStore = createPolicyStore(store);
    const samples = await startSamples({ config, vault, connections, policyStore, log });
    closing.push(() => samples.close());
    if (await seedPolicy(policyStore)) {
      // The rules that were written name groups, which must be there to put people into.
      for (const [name, text] of defaultGroups) await identity.groups.create(name, text).catch(ignoreConflict);
      log.info({}, "the default policy was written");
    }
    const rules = await createPolicySource({ store: policyStore, log });
    closing.push(() => rules.close());
    const budgets = await createBudgets({
      store: createBudgetStore(store),
      key: (await vault.purposeKey("budgets")).export(),
      log,
    });
    closing.push(() => budgets.close());
    const directory = await createSessionDirectory({ store: createSessionStore(store), replica, log });
    closing.push(() => directory.close());

    // Recording: nothing is served before the journal takes entries.
    const recordings = createRecordingStore(
      store,
      eventsFromEntries(store.changes, { slowMs: config.HOOP_EVENTS_SLOW_MS }),
    );
    const recording = await startRecording(config, { vault, recordings, way: store.way, log, closing });
    const { feeder, audit, keys: recordingKeys } = recording;

    // What happened, and the rules that answer it: they hear of each entry as soon as it is in the journal.
    const reactions = await startEvents({
      ...{ config, store, vault, identity, connections, recorder: recording.recorder, feeder, replica, log },
      console: () => consoleUrl,
    });
    closing.push(() => reactions.close());
    const telemetry = await startTelemetry(config, { replica, log });
    closing.push(() => telemetry.close());
    const recorder = telemetry.watch(reactions.recorder);

    // People: what is held for them, and the access that they grant for a time.
    const reviews = await startReviews({
      store,
      vault,
      identity,
      connections: connections.source,
      policy: rules,
      recorder,
      link: reviewLink,
      log,
    });
    closing.push(() => reviews.close());
    const policy = withDelegation(reactions.restrain(withGrants(rules, reviews.grants)));

    // Reach: agents, and targets that the gateway dials itself.
    const agents = createAgentRegistry({
      store: createAgentStore(store),
      authority: {
        authorities: () => pki.authorities("agents"),
        issueAgentCertificate: pki.issueAgentCertificate,
        agentFromCertificate,
      },
      log,
      version,
    });
    closing.push(() => agents.close());
    const dial = (connection: Connection, dialSignal: AbortSignal) =>
      connection.agent !== null
        ? agents.dial(connection.agent, connection.host, connection.port, dialSignal)
        : (samples.dial(connection, dialSignal) ??
          dialDirect({
            host: connection.host,
            port: connection.port,
            signal: dialSignal,
            timeoutMs: config.HOOP_HANDSHAKE_MS,
          }));

    // How the gateway logs in there.
    const logins = startCredentials({
      config,
      vault,
      store,
      connections,
      protocols,
      agents,
      dial,
      recorder,
      replica,
      log,
    });
    closing.push(() => logins.close());
    const credentials = logins.provider;

    // The relay.
    const analyser = createSqlAnalyser({ workers: config.HOOP_SQL_WORKERS });
    closing.push(() => analyser.close());
    const catalogues = createCatalogues({ protocols, credentials, recorder, dial, now });
    closing.push(() => catalogues.close());
    closing.push(
      agents.watch(() => {
        for (const agent of agents.list()) if (agent.draining) catalogues.release(agent.name);
      }),
    );
    const rehearsals = createRehearsals({
      ...{ protocols, credentials, recorder, dial, now, policy, mintPermit },
      readings: { plainWrite, proveWrite, unexplainable },
    });
    closing.push(() => rehearsals.close());
    closing.push(
      identity.authenticator.watch((id, subject) => {
        // What Hoop itself has open under a person's name goes with the person.
        if (subject === null) rehearsals.forget(id);
      }),
    );
    const places = createPlaces();
    const gate: GatePorts = {
      policy,
      mintPermit,
      planMasks,
      analysers: { postgresql: analyser },
      catalogues,
      recorder,
      show: showText,
      staleness: () => store.changes.staleness(),
      maxStaleMs: config.HOOP_MAX_STALE_MS,
      now,
      budgets,
      people: {
        desk: reviews.desk,
        freshness: identity.freshness,
        challenges: identity.stepUps,
        places,
        rehearsals,
        notes: { rehearsed: (id, found) => reviews.desk.rehearsed(id, found), shown: (id) => reviews.rehearsal(id) },
      },
    };
    const keys = await sessionKeys({ vault, targetKeys: createTargetKeys(store), now });
    const maskKey = (await vault.purposeKey("masking")).export();
    const open = createOpenSessions();
    signIn.attach({ open, recorder });
    let closed: string | null = null;
    const admission: AdmitPorts = {
      gate,
      open,
      pauses: reactions.pauses,
      createGate: createGate ?? telemetry.createGate,
      dial,
      serverCertificate: (connection) => pki.serverCertificateFor(connection.name),
      keys: keys.of,
      directory,
      authenticator: identity.authenticator,
      connections: connections.source,
      credentials,
      protocols,
      limits: {
        maxFrame: config.HOOP_MAX_STATEMENT_MB * 1024 * 1024,
        maxQueued: 256 * 1024,
        handshakeMs: config.HOOP_HANDSHAKE_MS,
        maxScreen: config.HOOP_MAX_SCREEN_MB * 1024 * 1024,
        sessions: config.HOOP_MAX_SESSIONS,
        sessionsPerSubject: config.HOOP_MAX_SESSIONS_PER_SUBJECT,
      },
      turns: createEntryTurns({ waiting: config.HOOP_MAX_SESSIONS_PER_SUBJECT }),
      maskKey,
      closed: () => closed,
      log,
    };
    closing.push(
      watchRights({
        gate,
        open,
        authenticator: identity.authenticator,
        connections: connections.source,
        grants: reviews.grants,
      }),
    );
    closing.push(
      directory.onKill((kill) => {
        open.get(kill.session)?.order({
          kind: "end",
          reason: { code: "killed", text: `${kill.by} ended this session${kill.reason ? `: ${kill.reason}` : ""}` },
        });
      }),
    );

    // The ways in.
    const clients = clientService({
      authenticator: identity.authenticator,
      connections: connections.source,
      policy,
      grants: reviews.grants,
      protocols,
      authority: () => pki.authorities("names"),
      sshHostKey: keys.hostKey,
      admit: (lane) => {
        admit(admission, lane).catch((error: unknown) => {
          log.error({ err: error }, "a lane failed while it was admitted");
          lane.client.abort({ code: "internal", text: "this lane failed inside Hoop" });
        });
      },
      now,
    });
    const certificate = await pki.gatewayCertificate();
    const grpc = createGrpcServer({
      services: [agents.service, clients],
      tls:
        config.HOOP_TLS === "on"
          ? { key: certificate.key, cert: certificate.chain, ca: pki.authorities("agents"), requestClientCert: true }
          : undefined,
      allowPlaintext: config.HOOP_ALLOW_PLAINTEXT,
      // An agent that may not join is told so; without this every refusal would read as a failure of the gateway.
      mapError: grpcErrorFrom,
      onEvent: (event) => log.debug({ ...event }, "grpc"),
    });
    const grpcAt = await grpc.listen(config.HOOP_GRPC_LISTEN);
    closing.push(() => grpc.close());
    const tls = httpTls(config, certificate);
    let apps: Apps | undefined;
    const native = await startNative({ config, identity, connections, vault, store, pki, admission, logins, log });
    closing.push(() => native.close());
    const runbooks = await startRunbooks({
      ...{ config, store, vault, identity, connections, policy, reviews, recorder, admission, replica, log },
      analyse: textAnalyser({ catalogues, analyser }),
      counters: telemetry.counters,
    });
    closing.push(() => runbooks.close());
    const exporters = startExporters({
      ...{ config, store, vault, recordings, recorder, replica, log },
      events: eventLogOn(store),
    });
    closing.push(() => exporters.close());
    const whatLacks = () =>
      notReady({ store, recorder, policy, closed: () => closed, maxStaleMs: config.HOOP_MAX_STALE_MS });
    await telemetry.measure({
      ...{ store, open, agents },
      held: () => places.taken,
      journal: () => ({ ...recording.totals(), writable: recorder.healthy(), behind: feeder?.status().behind ?? 0 }),
      runsActive: runbooks.active,
      events: () => eventCounts(store),
      exporters: exporters.measured,
      notReady: whatLacks,
    });
    reactions.attach({
      ...{ open, reviews, agents, runner: runbooks.runner },
      notReady: whatLacks,
    });
    const api = await createApi(
      apiDeps({
        config,
        identity,
        machines,
        connections,
        policy,
        policyStore,
        credentials,
        protocols,
        dial,
        catalogues,
        analyser,
        agents,
        directory,
        reviews,
        runbooks: runbooks.port,
        metrics: telemetry.render,
        exporters: exporters.port,
        reactions,
        nativeAccess: native.port,
        budgets,
        reviewLink,
        maskKey,
        recordings,
        recorder,
        feeder,
        audit,
        recordingKeys,
        vault,
        pki,
        store,
        open,
        replica,
        startedAt,
        closed: () => closed,
        apps: () => apps,
        jwks: () => keys.jwks,
        grpc: config.HOOP_GRPC_PUBLIC ?? `${grpcAt.host}:${grpcAt.port}`,
      }),
      {
        tls,
        publicUrl: config.HOOP_PUBLIC_URL ?? null,
        callsPerMinute: config.HOOP_API_CALLS_PER_MINUTE,
        trustProxy: config.HOOP_TRUSTED_PROXIES.length > 0 ? config.HOOP_TRUSTED_PROXIES : undefined,
        consoleFolder: fileURLToPath(new URL("../../web/dist", import.meta.url)),
        log,
      },
    );
    boundIdle(api.server);
    const httpAt = await listenApi(api, {
      ...config.HOOP_HTTP_LISTEN,
      tls: tls !== null || config.HOOP_ALLOW_PLAINTEXT,
    });
    closing.push(() => api.close());
    const httpUrl =
      config.HOOP_PUBLIC_URL ??
      `${tls ? "https" : "http"}://${httpAt.host.includes(":") ? `[${httpAt.host}]` : httpAt.host}:${httpAt.port}`;
    consoleUrl = httpUrl;
    if (config.HOOP_HTTP_APPS_LISTEN) {
      const listen = config.HOOP_HTTP_APPS_LISTEN;
      if (tls === null && !isLoopback(listen.host) && !config.HOOP_ALLOW_PLAINTEXT)
        throw new HoopError("precondition-failed", `sites may not be served on ${listen.host} without TLS`);
      const { authenticateBrowser } = identity.authenticator;
      const started = await startApps({
        listen,
        domain: config.HOOP_HTTP_APPS_DOMAIN,
        tls,
        console: () => httpUrl,
        now,
        authenticate: authenticateBrowser,
        isKnown: (name) => connections.source.byName(name)?.protocol === "http",
        admit: (lane) => {
          const authenticator = { ...identity.authenticator, authenticate: authenticateBrowser };
          admit({ ...admission, authenticator }, lane).catch((error: unknown) => {
            log.error({ err: error }, "a browser's lane failed while it was admitted");
            lane.client.abort({ code: "internal", text: "this lane failed inside Hoop" });
          });
        },
      });
      apps = started;
      closing.push(() => started.close());
    }
    const setup = await firstAdmin(config, identity, recorder);

    // Certificates outlive no one's attention: renewed daily, without a restart.
    const daily = setInterval(() => {
      pki
        .refresh()
        .then(() => pki.gatewayCertificate())
        .then(
          (fresh) =>
            config.HOOP_TLS === "on" &&
            grpc.setTls({ key: fresh.key, cert: fresh.chain, ca: pki.authorities("agents"), requestClientCert: true }),
        )
        .catch((error: unknown) => log.error({ err: error }, "certificates could not be renewed"));
    }, 24 * 3_600_000).unref();
    closing.push(() => clearInterval(daily));

    closing.push(async () => {
      closed = "this gateway is shutting down";
      agents.drain(closed);
      await drain(open, { graceMs: config.HOOP_DRAIN_MS, hardMs: 5_000, text: "the gateway is shutting down" });
    });
    // Before lanes are drained: what a run did is undone over lanes.
    closing.push(() => runbooks.close());
    return { http: httpUrl, grpc: `${grpcAt.host}:${grpcAt.port}`, setup, samplesMade: samples.made, close };
  } catch (error) {
    await close();
    throw error;
  }
}
