import { type Grant, type GrantSource, HoopError, type Subject, type SubjectId } from "../vocabulary/index.js";
import { partyOf, type ReviewJournal } from "./journal.js";
import type { ReviewLog } from "./ports.js";
import type { ReviewStore, StoredGrant } from "./store.js";

/** Grants in force, kept in memory by the change feed, and their end. */
export interface Grants extends GrantSource {
  /** Ends one now: by its subject `returned`, else `revoked`; who may is the caller's to ask. Throws HoopError `conflict`. */
  end(grant: StoredGrant, by: Subject): Promise<StoredGrant>;
  /** Reads them anew. */
  refresh(): Promise<void>;
  close(): void;
}

const retryMs = 250;
/** Timers are set no longer than that: a clock may be set meanwhile. */
const longestMs = 60_000;

export async function createGrants(ports: {
  readonly store: ReviewStore;
  readonly journal: ReviewJournal;
  readonly log: ReviewLog;
  readonly now: () => number;
}): Promise<Grants> {
  const { store, journal, log } = ports;
  const listeners = new Set<(subject: SubjectId) => void>();
  let live: ReadonlyMap<SubjectId, readonly Grant[]> = new Map();
  let timer: NodeJS.Timeout | null = null;
  let reading: Promise<void> | null = null;
  let again = false;
  let closed = false;

  async function load(): Promise<void> {
    const { grants, now } = await store.liveGrants();
    // Until when it counts is said by the store's clock, and looked at by ours.
    const skew = ports.now() - now;
    const next = new Map<SubjectId, Grant[]>();
    for (const grant of grants)
      next.set(grant.subject.id, [...(next.get(grant.subject.id) ?? []), grantFrom(grant, skew)]);
    const changed = [...new Set([...live.keys(), ...next.keys()])].filter(
      (id) => ids(live.get(id)) !== ids(next.get(id)),
    );
    live = next;
    for (const subject of changed) tell(subject);
    schedule();
  }

  function tell(subject: SubjectId): void {
    for (const listener of listeners) {
      try {
        listener(subject);
      } catch (error) {
        log.error({ err: error }, "a watcher of grants failed");
      }
    }
  }

  /** Wakes when the next one ends. */
  function schedule(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const ends = [...live.values()].flat().map(({ until }) => until);
    if (closed || ends.length === 0) return;
    const inMs = Math.min(...ends) - ports.now();
    timer = setTimeout(() => void endDue(), Math.min(Math.max(inMs, 0) + 5, longestMs)).unref();
  }

  /** What is over counts no more at once, here; the store is told, and one replica writes it down. */
  async function endDue(): Promise<void> {
    timer = null;
    const now = ports.now();
    const over = [...live].filter(([, grants]) => grants.some(({ until }) => until <= now)).map(([subject]) => subject);
    live = new Map([...live].map(([subject, grants]) => [subject, grants.filter(({ until }) => until > now)]));
    for (const subject of over) tell(subject);
    schedule();
    if (over.length === 0) return;
    await sweepDue();
  }

  async function sweepDue(): Promise<void> {
    try {
      for (const grant of await store.endDueGrants()) await journal.grant("ended", null, grant, { why: "over" });
    } catch (error) {
      if (closed) return;
      log.warn({ err: error }, "the end of a grant could not be written down; tried again");
      setTimeout(() => void sweepDue(), 10 * retryMs).unref();
    }
  }

  async function refresh(): Promise<void> {
    if (reading) {
      again = true;
      return reading;
    }
    reading = (async () => {
      do {
        again = false;
        await load();
      } while (again && !closed);
    })().finally(() => {
      reading = null;
    });
    return reading;
  }

  const refreshOrRetry = (): void => {
    refresh().catch((error: unknown) => {
      if (closed) return;
      log.warn({ err: error }, "grants cannot be read; tried again");
      setTimeout(refreshOrRetry, retryMs).unref();
    });
  };

  const stop = store.watch(refreshOrRetry);
  await refresh();
  // Those that ended while nobody was here.
  await sweepDue();
  return {
    of: (subject) => live.get(subject) ?? none,
    watch(listener) {
      const own: typeof listener = (subject) => listener(subject);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    async end(grant, by) {
      journal.ready();
      const why = grant.subject.id === by.id ? "returned" : "revoked";
      const ended = await store.endGrant(grant.id, by.name, why);
      if (ended === null) throw new HoopError("conflict", `grant ${grant.id} is over already`);
      await journal.grant(why === "returned" ? "ended" : "revoked", partyOf(by), ended, { why });
      return ended;
    },
    refresh,
    close() {
      closed = true;
      stop();
      if (timer !== null) clearTimeout(timer);
      listeners.clear();
    },
  };
}

const none: readonly Grant[] = [];

const ids = (grants: readonly Grant[] | undefined) =>
  (grants ?? [])
    .map(({ id }) => id)
    .sort()
    .join(" ");

function grantFrom(grant: StoredGrant, skew: number): Grant {
  return {
    id: grant.id,
    subject: grant.subject.id,
    connections: grant.connections.map(({ id }) => id),
    effects: grant.effects,
    since: grant.since + skew,
    until: grant.until + skew,
  };
}
