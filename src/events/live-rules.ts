import type { EventsLog } from "./log.js";
import { compileRules, noRules, type RuleSet } from "./rules/rule-set.js";
import type { EventStore } from "./store.js";
import { wakeable } from "./wakeable.js";

/** The rules in force; watched, not fetched. */
export interface LiveRules {
  current(): RuleSet;
  /** Reads them anew, where the store has a newer revision. */
  refresh(): Promise<void>;
  watch(listener: (set: RuleSet) => void): () => void;
  close(): Promise<void>;
}

export async function createLiveRules(store: EventStore, log: EventsLog): Promise<LiveRules> {
  let set: RuleSet = noRules;
  const listeners = new Set<(set: RuleSet) => void>();

  async function refresh(): Promise<void> {
    const stored = await store.reactions();
    if (stored.revision === set.revision) return;
    set = compileRules(stored);
    for (const [name, problem] of set.problems) log.error({ rule: name, problem }, "a reaction has no effect");
    for (const listener of listeners) listener(set);
  }

  await refresh();
  const look = wakeable(async () => {
    try {
      await refresh();
    } catch (error) {
      log.warn({ err: error }, "reactions could not be read anew");
    }
    return 5_000;
  });
  look.wake();
  const stop = store.watchReactions(() => look.wake());
  return {
    current: () => set,
    refresh,
    watch(listener) {
      const mine = (next: RuleSet) => listener(next);
      listeners.add(mine);
      return () => listeners.delete(mine);
    },
    async close() {
      stop();
      await look.close();
    },
  };
}
