import { hoopErrorFrom } from "../vocabulary/index.js";
import type { ReviewLog } from "./ports.js";
import { type ActPorts, take } from "./take.js";

/** Looks when the next review expires or escalates, and sees to it. Every replica does; the store lets one win. */
export interface ReviewClock {
  /** Something changed: the next time may be another. */
  look(): void;
  close(): void;
}

const longestMs = 60_000;
const retryMs = 1_000;
const sweepMs = 3_600_000;

export function createReviewClock(ports: ActPorts & { readonly log: ReviewLog }): ReviewClock {
  let timer: NodeJS.Timeout | null = null;
  let looking = false;
  let again = false;
  let closed = false;

  async function turn(): Promise<number> {
    const { reviews, nextMs } = await ports.store.due();
    for (const review of reviews) {
      await take(ports, review.id, { kind: "tick" }).catch((error: unknown) => {
        // Another replica, or a person, was faster.
        if (hoopErrorFrom(error).code !== "conflict" && hoopErrorFrom(error).code !== "not-found") throw error;
      });
    }
    // A full page of due ones: there are more.
    return reviews.length > 0 ? 0 : Math.min(nextMs ?? longestMs, longestMs);
  }

  async function look(): Promise<void> {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    let inMs = retryMs;
    try {
      do {
        again = false;
        inMs = await turn();
      } while (again && !closed);
    } catch (error) {
      if (!closed) ports.log.warn({ err: error }, "reviews that are due cannot be read; tried again");
    } finally {
      looking = false;
    }
    if (closed) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => void look(), Math.max(inMs, 10) + 5).unref();
  }

  const sweep = setInterval(() => {
    ports.store.sweep().catch((error: unknown) => ports.log.warn({ err: error }, "old reviews were not removed"));
  }, sweepMs).unref();
  void look();
  return {
    look: () => void look(),
    close() {
      closed = true;
      clearInterval(sweep);
      if (timer !== null) clearTimeout(timer);
    },
  };
}
