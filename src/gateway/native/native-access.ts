import type { Connections } from "../../connections/index.js";
import { createBuckets } from "../../identity/buckets.js";
import type { Authenticated, Identity } from "../../identity/index.js";
import { addressBlock } from "../../identity/throttle.js";
import type { Pki } from "../../pki/index.js";
import type { LaneRequest } from "../../relay/admit.js";
import type { OpenSessions } from "../../relay/open-sessions.js";
import {
  createNativeCredentials,
  isGoodFrom,
  mockVerifier,
  type NativeCredentialStore,
  type NativeCredentials,
} from "../../secrets/native/index.js";
import { isLoopback } from "../../transport/grpc/index.js";
import { HoopError, type Subject } from "../../vocabulary/index.js";
import { type GatewayConfig, suffix } from "../config.js";
import type { Log } from "../log.js";
import { createNativeTls } from "./native-tls.js";
import { listenPostgres, type NativeListener } from "./postgres/listener.js";

/** Sessions that began with a native credential are known by their login. */
const loginPrefix = "native:";
/** How many a person may have that are good still. */
const each = 20;
const hourMs = 3_600_000;

export interface NativeParts {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly store: NativeCredentialStore;
  readonly open: OpenSessions;
  readonly pki: Pki;
  /** The certificate that the gateway shows to browsers and tunnels; of an authority that is the operator's own, or ours. */
  readonly certificate: () => { readonly key: string | Buffer; readonly chain: string | Buffer };
  /** Makes up for users that are not there. */
  readonly mockKey: Buffer;
  readonly admit: (lane: LaneRequest, authenticate: (token: string) => Promise<Authenticated>) => void;
  readonly log: Log;
}

export interface NativeAccess {
  readonly credentials: NativeCredentials;
  /** Where native clients come in; null: nowhere. */
  readonly listener: NativeListener | null;
  close(): Promise<void>;
}

/** Native clients without a tunnel: their passwords, the ways in, and the end of both with their person. */
export async function startNativeAccess(parts: NativeParts): Promise<NativeAccess> {
  const { config, identity, store, open, log } = parts;
  const longestMs = config.HOOP_NATIVE_LONGEST_HOURS * hourMs;
  const credentials = createNativeCredentials(store, { each, longestMs });
  const stops = [watchEnds(parts), watchPeople(parts, credentials)];
  const sweep = setInterval(() => void store.sweep().catch((error: unknown) => warn(error)), hourMs).unref();
  const warn = (error: unknown): void => log.warn({ err: error }, "native credentials could not be looked after");

  async function authenticate(id: string): Promise<Authenticated> {
    const credential = await store.get(id);
    if (credential === null || credential.revokedAt !== null || credential.expires.getTime() <= Date.now())
      throw new HoopError("unauthenticated", "this password is no longer good", { hint: "hoop credentials issue" });
    const subject = await subjectOf(identity, credential.subject.id);
    return { subject, login: `${loginPrefix}${credential.id}`, expires: credential.expires };
  }

  const listen = config.HOOP_POSTGRES_LISTEN;
  let listener: NativeListener | null = null;
  if (listen !== undefined) {
    // Bounded by address, so that nobody locks out another; the passwords themselves cannot be guessed.
    const failures = createBuckets({ most: 20, perSecond: 0.5 });
    const cancels = createBuckets({ most: 50, perSecond: 5 });
    const allowsPlaintext = isLoopback(listen.host) || config.HOOP_ALLOW_PLAINTEXT;
    listener = await listenPostgres({
      ...{ listen, allowsPlaintext, log },
      tls: createNativeTls(parts.certificate, (name) => named(parts, name), suffix),
      async find(user, from) {
        // Whoever it is, the same is asked and computed.
        const mock = mockVerifier(parts.mockKey, user);
        const found = await store.verifier(user.slice(0, 200));
        if (found === null || !isGoodFrom(found.credential, from)) return { verifier: mock, credential: null };
        return found;
      },
      enter(from) {
        if (!failures.has(addressBlock(from)))
          throw new HoopError("limited", "too many failed logins from your address", { hint: "try again in a minute" });
      },
      failed(from, user) {
        failures.take(addressBlock(from));
        log.warn({ from, user: user.slice(0, 63) }, "a native login was refused");
      },
      succeeded: (_from, { id }) => void store.used(id).catch(warn),
      admit: (lane) => parts.admit(lane, authenticate),
      cancel(key, from) {
        if (cancels.take(addressBlock(from))) open.cancelByKey(key, ({ asker }) => asker.login.startsWith(loginPrefix));
      },
      loginMs: config.HOOP_HANDSHAKE_MS,
      mostEntering: 2_000,
    });
    log.info({ host: listener.host, port: listener.port }, "native clients of PostgreSQL are served");
  }

  return {
    credentials,
    listener,
    async close() {
      clearInterval(sweep);
      for (const stop of stops) stop();
      await listener?.close();
    },
  };
}

async function subjectOf(identity: Identity, id: Subject["id"]): Promise<Subject> {
  const user = await identity.users.get(id).catch((error: unknown) => {
    if (error instanceof HoopError && error.code === "not-found")
      throw new HoopError("unauthenticated", "this user was removed");
    throw error;
  });
  if (user.disabled) throw new HoopError("unauthenticated", "this user is disabled", { hint: "ask an admin" });
  const { kind, name, email, groups, version } = user;
  return { id, kind, name, ...(email === null ? {} : { email }), groups, version };
}

/** The certificate of that connection's own name, as tunnels show it. */
async function named({ connections, pki }: NativeParts, name: string) {
  if (connections.source.byName(name) === undefined) return null;
  return pki.serverCertificateFor(name);
}

/** Ends sessions that began with a password which was revoked, on whichever replica. */
function watchEnds({ store, open, log }: NativeParts): () => void {
  async function look(): Promise<void> {
    const ids = new Map<string, { order: (typeof sessions)[number]["order"] }[]>();
    const sessions = [...open.all()].filter(({ asker }) => asker.login.startsWith(loginPrefix));
    for (const session of sessions) {
      const id = session.asker.login.slice(loginPrefix.length);
      ids.set(id, [...(ids.get(id) ?? []), session]);
    }
    if (ids.size === 0) return;
    for (const id of await store.ended([...ids.keys()]))
      for (const session of ids.get(id) ?? [])
        session.order({
          kind: "end",
          reason: { code: "revoked", text: "the password that opened this session was revoked" },
        });
  }
  return store.watch(
    () => void look().catch((error: unknown) => log.error({ err: error }, "revoked passwords could not be read")),
  );
}

/** Whoever is disabled or removed has no password to come back with. */
function watchPeople({ identity, log }: NativeParts, credentials: NativeCredentials): () => void {
  return identity.authenticator.watch((id, subject) => {
    if (subject !== null) return;
    credentials
      .revokeAllOf(id)
      .catch((error: unknown) => log.error({ err: error }, "a person's passwords could not be revoked"));
  });
}
