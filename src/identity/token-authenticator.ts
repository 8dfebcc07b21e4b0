import { HoopError, type Subject, type SubjectId } from "../vocabulary/index.js";
import type { Authenticated, Authenticator } from "./authenticator.js";
import { createBuckets } from "./buckets.js";
import { hostOf, isFrom } from "./machines/sources.js";
import type { FoundMachine, FoundToken, IdentityStore, StoredSubject, TokenKind } from "./store.js";
import { addressBlock } from "./throttle.js";
import { hashToken, prefixes } from "./token.js";

interface Log {
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface TokenAuthenticator extends Authenticator {
  /** As `authenticate`, for the cookie of a browser. */
  authenticateBrowser(token: string, from?: string): Promise<Authenticated>;
  /** Told of each use of a service account's own key. Returns the way to stop. */
  watchUse(listener: (key: string, from: string) => void): () => void;
  close(): void;
}

export interface TokenAuthenticatorOptions {
  readonly store: IdentityStore;
  readonly log: Log;
  readonly now: () => number;
  /** How long an answer may be used while the store is away, milliseconds. */
  readonly maxStaleMs: number;
  readonly cached?: number | undefined;
}

// Past that the feed may have missed something: the store itself is asked.
const trustedMs = 1_000;
const retryMs = 250;

/** Looks tokens up in the store and remembers them until the change feed tells of any change. */
export async function createTokenAuthenticator(options: TokenAuthenticatorOptions): Promise<TokenAuthenticator> {
  const { store, log, now } = options;
  const most = options.cached ?? 20_000;
  const cache = new Map<string, FoundToken>();
  const listeners = new Set<Parameters<Authenticator["watch"]>[0]>();
  const useListeners = new Set<(key: string, from: string) => void>();
  // Nobody guesses 256 bits; this is for the store, which must not look up whatever a flood of rubbish asks for.
  const unknown = createBuckets({ most: 200, perSecond: 50 });
  let version = await store.version();
  let generation = 0;
  let reading = false;
  let again = false;
  let closed = false;

  async function find(hash: Buffer): Promise<FoundToken | null> {
    const key = hash.toString("base64");
    const known = cache.get(key);
    if (known !== undefined && store.staleness() <= trustedMs) return known;
    const asked = generation;
    try {
      const found = await store.token(hash);
      // A change that came while we asked may be newer than the answer: it is used, not kept.
      if (found !== null && asked === generation) {
        if (cache.size >= most) cache.delete(cache.keys().next().value!);
        cache.set(key, found);
      }
      return found;
    } catch (error) {
      if (known !== undefined && store.staleness() <= options.maxStaleMs) return known;
      throw error;
    }
  }

  /** Known tokens are taken whatever comes from the same network; unknown ones are looked up so many times a second. */
  async function findFor(hash: Buffer, from: string | undefined): Promise<FoundToken | null> {
    const block = from === undefined || cache.has(hash.toString("base64")) ? null : addressBlock(hostOf(from));
    if (block !== null && !unknown.has(block))
      throw new HoopError("limited", "too many unknown tokens come from this network", {
        hint: "try again in 1 s",
        retryAfter: 1,
      });
    const found = await find(hash);
    if (found === null && block !== null) unknown.take(block);
    return found;
  }

  async function resolve(
    token: string,
    purpose: "access" | "browser" | "key",
    from: string | undefined,
  ): Promise<Authenticated> {
    const hash = hashToken(token, purpose);
    const found = hash === null ? null : await findFor(hash, from);
    if (found === null || found.kind !== (purpose satisfies TokenKind))
      throw unauthenticated(purpose === "key" ? "this key is not known" : "this login is not known");
    // First: disabling a user ends their logins as well, and logging in again would not help.
    if (found.subject.disabled)
      throw new HoopError("unauthenticated", "this user is disabled", { hint: "ask an admin" });
    const what = purpose === "key" ? "key" : "login";
    if (found.loginEnded)
      throw unauthenticated(
        purpose === "key"
          ? "this key was revoked"
          : `this login was ended${found.loginEndedBecause ? `: ${found.loginEndedBecause}` : ""}`,
      );
    if (found.expiresAt.getTime() <= now()) throw unauthenticated(`this ${what} has expired`);
    const subject = found.machine === null ? subjectFrom(found.subject) : machineFrom(found, found.machine, from);
    if (purpose === "key") for (const listener of useListeners) listener(found.login, hostOf(from ?? ""));
    return {
      subject,
      expires: found.expiresAt,
      login: found.login,
      ...(purpose === "key" ? { key: true as const } : null),
    };
  }

  /** The machine, for whom it acts, and what its token is bounded to. */
  function machineFrom(found: FoundToken, machine: FoundMachine, from: string | undefined): Subject {
    const { bounds, sources, delegation } = machine;
    if (sources.length > 0 && !isFrom(sources, from))
      throw new HoopError("unauthenticated", "this key may not be used from here", {
        hint: "it is bound to addresses: hoop service-accounts keys",
      });
    const subject = { ...subjectFrom(found.subject), bounds };
    if (delegation === null) return subject;
    const { person, ended, expiresAt } = delegation;
    if (person === null || person.disabled)
      throw new HoopError("unauthenticated", "the person that this is for is disabled or removed");
    if (ended || expiresAt.getTime() <= now())
      throw new HoopError("unauthenticated", `${person.name} lets ${subject.name} act for them no more`, {
        hint: `ask ${person.name}: hoop delegate ${subject.name}`,
      });
    return { ...subject, onBehalfOf: subjectFrom(person) };
  }

  /** One at a time; what comes during a reading starts another. */
  async function readChanges(): Promise<void> {
    generation += 1;
    cache.clear();
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      do {
        again = false;
        const changes = await store.changes(version);
        version = changes.version;
        tell(changes);
      } while (again && !closed);
    } catch (error) {
      log.warn({ err: error }, "changes of users cannot be read; tried again");
      setTimeout(() => void readChanges(), retryMs).unref();
    } finally {
      reading = false;
    }
  }

  function tell(changes: Awaited<ReturnType<IdentityStore["changes"]>>): void {
    const ended = new Map<SubjectId, string[]>();
    for (const { login, subject } of changes.endedLogins) ended.set(subject, [...(ended.get(subject) ?? []), login]);
    const why = new Map(changes.endedLogins.map(({ login, because }) => [login, because]));
    for (const subject of changes.subjects) {
      const gone = subject.removed || subject.disabled;
      call(subject.id, gone ? null : subjectFrom(subject), ended.get(subject.id) ?? [], why);
      ended.delete(subject.id);
    }
    for (const [id, logins] of ended) void tellEnded(id, logins, why);
  }

  /** Logins ended and nothing else changed; who cannot be read is treated as gone. */
  async function tellEnded(id: SubjectId, logins: readonly string[], why: ReadonlyMap<string, string>): Promise<void> {
    const subject = await store.subject({ id }).catch(() => null);
    call(id, subject === null || subject.disabled ? null : subjectFrom(subject), logins, why);
  }

  function call(
    id: SubjectId,
    subject: Subject | null,
    logins: readonly string[],
    why: ReadonlyMap<string, string>,
  ): void {
    for (const listener of listeners) {
      try {
        listener(id, subject, logins, why);
      } catch (error) {
        log.error({ err: error }, "a watcher of users failed");
      }
    }
  }

  const stop = store.watch(() => void readChanges());
  return {
    authenticate: (token, from) => resolve(token, token.startsWith(prefixes.key) ? "key" : "access", from),
    authenticateBrowser: (token, from) => resolve(token, "browser", from),
    watchUse(listener) {
      const own: typeof listener = (key, from) => listener(key, from);
      useListeners.add(own);
      return () => useListeners.delete(own);
    },
    watch(listener) {
      const own: typeof listener = (id, subject, logins, why) => listener(id, subject, logins, why);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    close() {
      closed = true;
      stop();
    },
  };
}

function unauthenticated(text: string): HoopError {
  return new HoopError("unauthenticated", text, { hint: "hoop login" });
}

export function subjectFrom(stored: StoredSubject): Subject {
  return {
    id: stored.id,
    kind: stored.kind,
    name: stored.name,
    ...(stored.email === null ? {} : { email: stored.email }),
    groups: stored.groups,
    version: stored.version,
  };
}
