import type { KnownDirectory } from "./directory.js";
import { judgeEvents } from "./judge.js";
import type { LiveRules } from "./live-rules.js";
import type { EventsLog } from "./log.js";
import type { EventStore } from "./store.js";
import { type Wakeable, wakeable } from "./wakeable.js";

/** Events that are judged in one transaction. */
const batch = 500;
/** The topic wakes it; this is for a word that got lost. */
const pollMs = 500;
const retryMs = 1_000;

/** Takes events from the outbox into the log and asks the rules about them, whenever there are some and no other gateway does. */
export function createSequencer({
  store,
  rules,
  directory,
  log,
}: {
  readonly store: EventStore;
  readonly rules: LiveRules;
  readonly directory: KnownDirectory;
  readonly log: EventsLog;
}): Wakeable {
  async function step(): Promise<boolean> {
    const done = await store.advance(batch, async (events, windows, revision) => {
      const set = rules.current();
      if (set.revision !== revision) return "stale";
      if (events.some(({ type }) => set.byType.has(type))) await directory.prepare(events);
      return judgeEvents(events, set, directory, windows);
    });
    if (done === null) return false;
    if (done.bad > 0) log.error({ events: done.bad }, "events that cannot be read were set aside in the outbox");
    if (done.stale) await rules.refresh();
    return done.stale || done.taken === batch;
  }

  const work = wakeable(async () => {
    try {
      while (await step());
      return pollMs;
    } catch (error) {
      log.warn({ err: error }, "events wait to be judged; tried again");
      return retryMs;
    }
  });
  const stop = store.watchEvents(() => work.wake());
  work.wake();
  return {
    wake: work.wake,
    async close() {
      stop();
      await work.close();
    },
  };
}
