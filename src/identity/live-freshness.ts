import type { SubjectId } from "../vocabulary/index.js";
import type { FactorStore } from "./factors/store.js";
import type { Freshness } from "./freshness.js";

export interface LiveFreshness extends Freshness {
  /** Resolves when what was written before is known here. */
  settled(): Promise<void>;
  close(): void;
}

/** When an answer was given, by two clocks: one may be set back, the other stands still while the machine sleeps. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

const dayMs = 24 * 3_600_000;
const retryMs = 250;

/** Keeps in memory what the store knows, by the change feed. */
export async function createFreshness(options: {
  readonly store: Pick<FactorStore, "freshnessSince" | "watchFreshness">;
  readonly log: { warn(fields: object, text: string): void; error(fields: object, text: string): void };
  readonly clock?: { wall(): number; monotonic(): number } | undefined;
}): Promise<LiveFreshness> {
  const { store, log } = options;
  const clock = options.clock ?? { wall: Date.now, monotonic: () => performance.now() };
  const answers = new Map<SubjectId, Map<string | null, Moment>>();
  const listeners = new Map<SubjectId, Set<() => void>>();
  let version = 0;
  let closed = false;
  let reading: Promise<void> | null = null;
  let again = false;

  const ageOf = (moment: Moment): number =>
    Math.max(clock.monotonic() - moment.monotonic, clock.wall() - moment.wall, 0);

  function apply(row: Awaited<ReturnType<typeof store.freshnessSince>>["rows"][number], asked: Moment): void {
    const own = answers.get(row.subject) ?? new Map<string | null, Moment>();
    if (row.ageMs === null) own.delete(row.connection);
    // Counted from before the question: what the way there and back took makes it older, never younger.
    else own.set(row.connection, { monotonic: asked.monotonic - row.ageMs, wall: asked.wall - row.ageMs });
    for (const [connection, moment] of own) if (ageOf(moment) > dayMs) own.delete(connection);
    if (own.size === 0) answers.delete(row.subject);
    else answers.set(row.subject, own);
  }

  async function readOnce(): Promise<void> {
    const asked = { monotonic: clock.monotonic(), wall: clock.wall() };
    const changes = await store.freshnessSince(version);
    version = changes.version;
    for (const row of changes.rows) apply(row, asked);
    for (const subject of new Set(changes.rows.map((row) => row.subject))) tell(subject);
  }

  function tell(subject: SubjectId): void {
    for (const listener of [...(listeners.get(subject) ?? [])]) {
      try {
        listener();
      } catch (error) {
        log.error({ err: error }, "a watcher of second factors failed");
      }
    }
  }

  /** One at a time; what comes during a reading starts another. */
  function readChanges(): Promise<void> {
    again = true;
    reading ??= (async () => {
      try {
        while (again && !closed) {
          again = false;
          await readOnce();
        }
      } catch (error) {
        log.warn({ err: error }, "answers of second factors cannot be read; tried again");
        setTimeout(() => void readChanges(), retryMs).unref();
      } finally {
        reading = null;
      }
    })();
    return reading;
  }

  const stop = store.watchFreshness(() => void readChanges());
  await readOnce();
  // An hour's worth of people who will not come back today.
  const tidy = setInterval(() => {
    for (const [subject, own] of answers) {
      for (const [connection, moment] of own) if (ageOf(moment) > dayMs) own.delete(connection);
      if (own.size === 0) answers.delete(subject);
    }
  }, 3_600_000).unref();

  return {
    age(subject, connection) {
      const moment = answers.get(subject)?.get(connection);
      if (moment === undefined) return null;
      const age = ageOf(moment);
      return age > dayMs ? null : age;
    },
    watch(subject, listener) {
      const own = () => listener();
      const all = listeners.get(subject) ?? new Set();
      listeners.set(subject, all);
      all.add(own);
      return () => {
        all.delete(own);
        if (all.size === 0 && listeners.get(subject) === all) listeners.delete(subject);
      };
    },
    settled: readChanges,
    close() {
      closed = true;
      clearInterval(tidy);
      stop();
    },
  };
}
