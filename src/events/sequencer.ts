import { setTimeout } from "node:timers/promises";
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
/** What comes within that of others is judged together: a batch costs about as much as its first event. */
const gatherMs = 20;

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
  async function step(): Promise<"none" | "some" | "more"> {
    const done = await store.advance(batch, async (events, windows, revision) => {
      const set = rules.current();
      if (set.revision !== revision) return "stale";
      if (events.some(({ type }) => set.byType.has(type))) await directory.prepare(events);
      return judgeEvents(events, set, directory, windows);
    });
    if (done === null || (done.taken === 0 && !done.stale)) return "none";
    if (done.bad > 0) log.error({ events: done.bad }, "events that cannot be read were set aside in the outbox");
    if (done.stale) await rules.refresh();
    return done.stale || done.taken === batch ? "more" : "some";
  }

  const work = wakeable(async () => {
    try {
      let taken = await step();
      const any = taken !== "none";
      while (taken === "more") taken = await step();
      // Whoever says meanwhile that there are others is heard: they are the next turn's.
      if (any) await setTimeout(gatherMs);
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
