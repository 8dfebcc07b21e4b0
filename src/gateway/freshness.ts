import type { Feeder } from "../recording/index.js";
import { deadline } from "../vocabulary/index.js";

/** How long who looks at a recording waits for what just happened to be in it. */
const maxWaitMs = 2_000;

/**
 * Waits until the store, which is fed behind the journal, has what was written so far. Answers how many entries it still lacks
 * where that takes too long.
 */
export async function freshness(
  feeder: Pick<Feeder, "drain" | "status"> | null,
  waitMs: number = maxWaitMs,
): Promise<number> {
  if (feeder === null) return 0;
  try {
    await feeder.drain(deadline(waitMs));
    return 0;
  } catch {
    return Math.max(1, feeder.status().behind);
  }
}
