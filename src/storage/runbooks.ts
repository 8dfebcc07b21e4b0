import type { RunbookStore } from "../runbooks/store.js";
import type { KeyRing } from "../secrets/index.js";
import { createLibrary } from "./runbooks/library.js";
import { createRuns } from "./runbooks/runs.js";
import { createSchedules } from "./runbooks/schedules.js";
import { createRunSealer } from "./runbooks/sealer.js";
import type { Store } from "./store.js";

export { resealRuns } from "./runbooks/reseal.js";

/** Runbooks, their runs and schedules on PostgreSQL; parameters and outputs are sealed. */
export function createRunbookStore(store: Store, keys: KeyRing): RunbookStore {
  return {
    ...createLibrary(store),
    ...createRuns(store, createRunSealer(keys)),
    ...createSchedules(store),
    watch: (listener) => store.changes.watch("runbooks", listener),
  };
}
