import { HoopError, type Subject, type SubjectId } from "../vocabulary/index.js";
import type { Authenticated, Authenticator } from "./authenticator.js";
import type { FoundToken, IdentityStore, StoredSubject, TokenKind } from "./store.js";
import { hashToken } from "./token.js";

interface Log {
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface TokenAuthenticator extends Authenticator {
  /** As `authenticate`, for the cookie of a browser. */
  authenticateBrowser(token: string): Promise<Authenticated>;
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

  async function resolve(token: string, purpose: "access" | "browser"): Promise<Authenticated> {
    const hash = hashToken(token, purpose);
    const found = hash === null ? null : await find(hash);
    if (found === null || found.kind !== (purpose satisfies TokenKind))
      throw unauthenticated("this login is not known");
    // First: disabling a user ends their logins as well, and logging in again would not help.
    if (found.subject.disabled)
      throw new HoopError("unauthenticated", "this user is disabled", { hint: "ask an admin" });
    if (found.loginEnded) throw unauthenticated("this login was ended");
    if (found.expiresAt.getTime() <= now()) throw unauthenticated("this login has expired");
    return { subject: subjectFrom(found.subject), expires: found.expiresAt, login: found.login };
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
    for (const subject of changes.subjects) {
      const gone = subject.removed || subject.disabled;
      call(subject.id, gone ? null : subjectFrom(subject), ended.get(subject.id) ?? []);
      ended.delete(subject.id);
    }
    for (const [id, logins] of ended) void tellEnded(id, logins);
  }

  /** Logins ended and nothing else changed; who cannot be read is treated as gone. */
  async function tellEnded(id: SubjectId, logins: readonly string[]): Promise<void> {
    const subject = await store.subject({ id }).catch(() => null);
    call(id, subject === null || subject.disabled ? null : subjectFrom(subject), logins);
  }

  function call(id: SubjectId, subject: Subject | null, logins: readonly string[]): void {
    for (const listener of listeners) {
      try {
        listener(id, subject, logins);
      } catch (error) {
        log.error({ err: error }, "a watcher of users failed");
      }
    }
  }

  const stop = store.watch(() => void readChanges());
  return {
    authenticate: (token) => resolve(token, "access"),
    authenticateBrowser: (token) => resolve(token, "browser"),
    watch(listener) {
      const own: typeof listener = (id, subject, logins) => listener(id, subject, logins);
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
