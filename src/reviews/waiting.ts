import type { ReviewState } from "./desk.js";
import type { FindPeople, ReviewLog } from "./ports.js";
import type { ReviewStore } from "./store.js";
import { peopleOf } from "./take.js";
import { reviewStateOf } from "./told.js";

/** The clients of this replica that wait, and what each has heard. */
export interface Waiting {
  /** The way to stop. The first state comes in a later turn of the loop, never before this has returned. */
  add(id: string, changed: (state: ReviewState) => void): () => void;
  /** Something changed somewhere: reads what is waited for and tells those whom it concerns. */
  refresh(): void;
  readonly size: number;
}

interface Waiter {
  readonly changed: (state: ReviewState) => void;
  heard: string;
}

const retryMs = 250;

export function createWaiting(ports: {
  readonly store: ReviewStore;
  readonly people: FindPeople;
  readonly log: ReviewLog;
}): Waiting {
  const waiters = new Map<string, Set<Waiter>>();
  let reading = false;
  let again = false;

  async function read(): Promise<void> {
    const ids = [...waiters.keys()];
    if (ids.length === 0) return;
    const { reviews, now } = await ports.store.several(ids);
    const people = await ports.people(peopleOf(reviews));
    const known = new Map(reviews.map((review) => [review.id, reviewStateOf(review, people, now)]));
    // One that was removed is over, whatever it was.
    for (const id of ids) tell(id, known.get(id) ?? { state: "expired" });
  }

  function tell(id: string, state: ReviewState): void {
    const text = JSON.stringify(state);
    for (const waiter of [...(waiters.get(id) ?? [])]) {
      if (waiter.heard === text) continue;
      waiter.heard = text;
      if (state.state !== "pending") remove(id, waiter);
      try {
        waiter.changed(state);
      } catch (error) {
        ports.log.error({ err: error, review: id }, "a client that waits for a review could not be told");
      }
    }
  }

  function remove(id: string, waiter: Waiter): void {
    const all = waiters.get(id);
    all?.delete(waiter);
    if (all?.size === 0) waiters.delete(id);
  }

  /** One reading at a time; what comes during one starts another. */
  async function refresh(): Promise<void> {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      do {
        again = false;
        await read();
      } while (again);
    } catch (error) {
      ports.log.warn({ err: error }, "reviews cannot be read; tried again");
      setTimeout(() => void refresh(), retryMs).unref();
    } finally {
      reading = false;
    }
  }

  return {
    add(id, changed) {
      const waiter: Waiter = { changed, heard: "" };
      const all = waiters.get(id);
      if (all) all.add(waiter);
      else waiters.set(id, new Set([waiter]));
      setImmediate(() => void refresh());
      return () => remove(id, waiter);
    },
    refresh: () => void refresh(),
    get size() {
      return waiters.size;
    },
  };
}
