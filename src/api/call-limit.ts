import { HoopError } from "../vocabulary/index.js";

/** How much of the API one caller may ask for, whatever they ask. */
export interface CallLimit {
  /** Throws HoopError `limited` when the caller has no more. */
  take(caller: string): void;
}

/** Callers that are kept at once. */
const most = 50_000;

/**
 * A bucket a caller, filled evenly: a burst of a quarter minute passes, more is slowed down. A login that polls in a loop
 * costs its owner, and nobody else.
 */
export function createCallLimit({
  perMinute,
  now,
}: {
  readonly perMinute: number;
  readonly now: () => number;
}): CallLimit {
  const capacity = Math.max(1, perMinute / 4);
  const perMs = perMinute / 60_000;
  const buckets = new Map<string, { left: number; at: number }>();

  return {
    take(caller) {
      const time = now();
      const bucket = buckets.get(caller);
      const left =
        bucket === undefined ? capacity : Math.min(capacity, bucket.left + Math.max(0, time - bucket.at) * perMs);
      if (left < 1) {
        const retryAfter = Math.ceil((1 - left) / perMs / 1_000);
        throw new HoopError("limited", "too many requests", { hint: `try again in ${retryAfter} s`, retryAfter });
      }
      // In the order of their last call: who has not asked for longest makes room, and starts anew.
      buckets.delete(caller);
      if (buckets.size >= most) buckets.delete(buckets.keys().next().value!);
      buckets.set(caller, { left: left - 1, at: time });
    },
  };
}
