import type { LivePolicySource } from "../policy/index.js";
import type { Recorder } from "../recording/index.js";
import type { Store } from "../storage/store.js";

/** Why this gateway should get no traffic; empty: it is ready. */
export function notReady(parts: {
  readonly closed: () => string | null;
  readonly store: Store;
  readonly maxStaleMs: number;
  readonly recorder: Recorder;
  readonly policy: LivePolicySource;
}): readonly string[] {
  const { closed, store, maxStaleMs, recorder, policy } = parts;
  return [
    closed(),
    store.changes.staleness() > maxStaleMs ? "the store does not answer" : null,
    recorder.healthy() ? null : "the journal does not take entries",
    policy.problem() === null ? null : "the newest policy is not in force",
  ].filter((reason): reason is string => reason !== null);
}
