import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InjectOptions } from "fastify";
import { z } from "zod";
import { type ApiDeps, type App, createApi } from "../../src/api/index.js";
import { type ConnectionProtocol, createConnections } from "../../src/connections/index.js";
import { withDelegation } from "../../src/gateway/delegation/with-delegation.js";
import { startEvents } from "../../src/gateway/events.js";
import { startMachines } from "../../src/gateway/machines.js";
import { maskRehearsal } from "../../src/gateway/mask-rehearsal.js";
import { createReveals } from "../../src/gateway/reveals.js";
import { startReviews } from "../../src/gateway/reviews.js";
import { factorOptions } from "../../src/gateway/second-factor.js";
import { providerSecrets } from "../../src/gateway/sign-in.js";
import { withGrants } from "../../src/gateway/with-grants.js";
import { createIdentity, type SignInProviderOptions } from "../../src/identity/index.js";
import { connectAnalysis } from "../../src/policy/connect.js";
import { seedPolicy } from "../../src/policy/seed.js";
import { createPolicySource } from "../../src/policy/source.js";
import type { EntryDraft, Recorder } from "../../src/recording/recorder.js";
import { createSecretVault, loadMasterKey, type MasterKeys } from "../../src/secrets/index.js";
import { createSessionDirectory } from "../../src/sessions/index.js";
import { showText } from "../../src/sql/index.js";
import { createConnectionStore } from "../../src/storage/connections.js";
import { createProviderStore } from "../../src/storage/identity/providers.js";
import { createIdentityStore } from "../../src/storage/identity.js";
import { openStore } from "../../src/storage/open-store.js";
import { createPolicyStore } from "../../src/storage/policy.js";
import { createSecretStore } from "../../src/storage/secrets.js";
import { createSessionStore } from "../../src/storage/sessions.js";
import type { Store } from "../../src/storage/store.js";
import { HoopError } from "../../src/vocabulary/index.js";
import { keptLog } from "../storage/support.js";

export const password = "correct horse battery";
export const replica = "00000000-0000-4000-8000-000000000001";

/** A protocol's descriptor, as far as connections read it. */
export const protocols: ReadonlyMap<string, ConnectionProtocol> = new Map([
  [
    "postgres",
    {
      name: "postgres",
      defaultPort: 5432,
      targetSchema: z.strictObject({
        user: z.string().min(1),
        database: z.string().optional(),
      }) as unknown as ConnectionProtocol["targetSchema"],
    },
  ],
]);

/** Keeps entries, and can be told that its disk is full. */
export class KeptRecorder implements Recorder {
  readonly entries: EntryDraft[] = [];
  full = false;
  append(entry: EntryDraft, done?: (error: HoopError | null) => void): void {
    if (!this.full) this.entries.push(entry);
    done?.(this.full ? new HoopError("unavailable", "the disk is full") : null);
  }
  async flush(): Promise<void> {}
  healthy(): boolean {
    return !this.full;
  }
  async close(): Promise<void> {}
}

/** The API on a real store of its own. */
export interface TestApi {
  readonly app: App;
  readonly store: Store;
  readonly deps: ApiDeps;
  readonly recorder: KeptRecorder;
  readonly secrets: Map<string, string>;
  /** What the store is sealed under. */
  readonly master: MasterKeys;
  /** Opens the same API again, as another replica would have it. */
  open(replica: string): Promise<{ readonly app: App; readonly deps: ApiDeps; close(): Promise<void> }>;
  close(): Promise<void>;
}

/** `providers`: how people sign in elsewhere. */
export async function startTestApi(
  providers: Partial<SignInProviderOptions> & { readonly callsPerMinute?: number } = {},
): Promise<TestApi> {
  const folder = await mkdtemp(join(tmpdir(), "hoop-api-"));
  // Open to others, so that the server's files stay in it.
  await chmod(folder, 0o755);
  const log = keptLog();
  const store = await openStore(
    { databaseUrl: null, dataDir: join(folder, "store"), poolSize: 5, statementTimeoutMs: 30_000 },
    { log, signal: new AbortController().signal },
  );
  const master = loadMasterKey({ stateFolder: join(folder, "key") });
  const recorder = new KeptRecorder();
  const secrets = new Map<string, string>();
  await seedPolicy(createPolicyStore(store));

  async function open(id: string) {
    const vault = await createSecretVault({ store: createSecretStore(store), master });
    const identity = await createIdentity({
      store: createIdentityStore(store),
      factors: await factorOptions({ store, vault, link: (challenge) => `http://hoop.test/step-up/${challenge}` }),
      providers: { store: createProviderStore(store), secrets: providerSecrets(vault), ...providers },
      log,
    });
    const connections = await createConnections({
      store: createConnectionStore(store),
      protocols,
      secrets: {
        put: async (connection, secret) => void secrets.set(connection, secret),
        delete: async (connection) => void secrets.delete(connection),
      },
      log,
    });
    const sessions = await createSessionDirectory({ store: createSessionStore(store), replica: id, log });
    const policyStore = createPolicyStore(store);
    const rules = await createPolicySource({ store: policyStore, log });
    const reviewLink = (review: string) => `http://hoop.test/reviews/${review}`;
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
    const source = withDelegation(withGrants(rules, reviews.grants));
    const recorded = new Map([[otherSession, "00000000-0000-4000-8000-0000000000aa"]]);
    const mayConnect: ApiDeps["mayConnect"] = (subject, connection) =>
      source.current().decide({ subject, connection, analysis: connectAnalysis(connection), now: Date.now() }).verdict
        .outcome === "allow";
    const masking = {
      policy: source,
      connection: (wanted: string) => connections.source.list().find((connection) => connection.id === wanted),
      mayConnect,
      key: Buffer.alloc(32, 7),
    };
    const machines = startMachines({ store, identity, log });
    const reactions = await startEvents({
      config: { HOOP_EVENTS_DAYS: 30, HOOP_DEAD_LETTERS_DAYS: 365, HOOP_EVENTS_SLOW_MS: 10_000 },
      ...{ store, vault, identity, connections, recorder, feeder: null, replica: id, log },
      console: () => "http://hoop.test",
    });
    const deps: ApiDeps = {
      events: reactions,
      identity,
      machines,
      connections,
      mayConnect,
      testConnection: async () => ({ serverVersion: "15.1" }),
      example: (connection) => `psql -h ${connection.name}.hoop`,
      agents: {
        list: async () => [],
        createJoinToken: async ({ agent, lifeMs }) => ({
          agent,
          token: "hoop_jt_x",
          expires: new Date(Date.now() + lifeMs),
        }),
        revoke: async (agent) => agent === "site-a",
      },
      policy: { store: policyStore, source },
      analyse: async () => ({ shape: "select ?", effects: ["read"], resources: [], attributes: {}, unknowns: [] }),
      sessions,
      reviews,
      reviewing: {
        link: reviewLink,
        show: showText,
        maskRehearsal: (viewer, review, rehearsal) => maskRehearsal(masking, viewer, review, rehearsal),
      },
      reveals: createReveals({ reviews, policy: source, recorder, key: masking.key }),
      recordings: {
        sessions: async () => ({ items: [], next: null }),
        session: async (session) => {
          const owner = recorded.get(session);
          if (owner === undefined) return null;
          return {
            id: session,
            subject: { id: owner, name: "somebody" },
            connection: "pg-demo",
            protocol: "postgres",
            from: "127.0.0.1",
            startedAt: new Date(),
            endedAt: null,
            statements: 1,
            end: null,
          };
        },
        entries: async () => ({ items: [{ kind: "statement", shown: "select 1" }], next: null }),
      },
      screens: {
        terminals: async () => [],
        async *play() {},
        async *watch() {},
        search: async () => ({ items: [], next: null }),
      },
      audit: {
        publicKey: () => "-----BEGIN PUBLIC KEY-----",
        heads: async () => [],
        export: async function* () {
          yield '{"kind":"chains"}\n';
        },
        verify: async () => ({ ok: true, entries: 0, chains: 0, problems: [] }),
        changes: async () => ({ items: [], next: null }),
        reveal: async ({ part }, allow) => {
          await allow();
          return part === "values" ? { part, values: [] } : { part, text: "select 'x'" };
        },
      },
      secrets: { rotate: async () => ({ resealed: 0, keyId: "k" }) },
      authority: () => "-----BEGIN CERTIFICATE-----",
      tunnel: () => ({ url: "https://127.0.0.1:7443", authority: "" }),
      recorder,
      status: () => ({
        version: "0.1.0",
        replica: id,
        startedAt: new Date(),
        sessions: 0,
        agents: 0,
        policyVersion: source.current().version,
        policyProblem: source.problem(),
        storeStaleMs: store.changes.staleness(),
        recording: recorder.healthy(),
      }),
      notReady: () => [],
    };
    const app = await createApi(deps, { tls: null, publicUrl: null, log, callsPerMinute: providers.callsPerMinute });
    const close = async () => {
      await app.close();
      await reactions.close();
      reviews.close();
      await sessions.close();
      rules.close();
      connections.close();
      await machines.close();
      identity.close();
    };
    return { app, deps, close };
  }

  const own = await open(replica);
  return {
    app: own.app,
    deps: own.deps,
    store,
    recorder,
    secrets,
    master,
    open,
    close: async () => {
      await own.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A recorded session that is nobody's who calls. */
export const otherSession = "00000000-0000-4000-8000-0000000000bb";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Called<T> {
  readonly status: number;
  /** The JSON, or the text where it is none. */
  readonly body: T;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Calls the API as whoever the headers say. */
export async function call<T = Record<string, unknown>>(
  app: App,
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Called<T>> {
  const payload: Pick<InjectOptions, "payload"> = body === undefined ? {} : { payload: body as object };
  const response = await app.inject({ method, url: path, headers, ...payload });
  let parsed: unknown = response.body;
  try {
    parsed = JSON.parse(response.body);
  } catch {
    // Text stays text.
  }
  return { status: response.statusCode, body: parsed as T, headers: response.headers };
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export async function signIn(app: App, name: string, secret = password): Promise<Tokens> {
  const { status, body } = await call<Tokens>(app, "POST", "/api/v1/login", { name, password: secret });
  if (status !== 200) throw new Error(`signing in as ${name} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

export const bearer = (tokens: Tokens): Record<string, string> => ({ authorization: `Bearer ${tokens.accessToken}` });

/** Sets up the first admin, `ada`, and answers her headers. */
export async function setUp(api: TestApi): Promise<Record<string, string>> {
  const offer = await api.deps.identity.setup.offer();
  const { status } = await call(api.app, "POST", "/api/v1/setup", { token: offer!.token, name: "ada", password });
  if (status !== 201) throw new Error(`setup answered ${status}`);
  return bearer(await signIn(api.app, "ada"));
}
