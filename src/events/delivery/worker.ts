import { deadline, hoopErrorFrom } from "../../vocabulary/index.js";
import { short } from "../catalogue/define.js";
import type { LiveRules } from "../live-rules.js";
import type { EventsLog } from "../log.js";
import type { Outcome } from "../receivers/outcome.js";
import type { Delivery, EventStore, Settled } from "../store.js";
import { type Wakeable, wakeable } from "../wakeable.js";
import { backOffMs, maxAttempts } from "./back-off.js";

/** Does one delivery. What it throws is tried again, unless it is a HoopError that says that nothing would change. */
export type Perform = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;

/** Under way at once on this gateway. */
const most = 64;
/** Longer than any one attempt takes: a lease that runs out was held by a gateway that is gone. */
const leaseMs = 60_000;
/** Of a target that says nothing else. */
const usualCap = 16;
const attemptMs = 30_000;
const pollMs = 1_000;

/** Errors after which another attempt would end alike. */
const final: ReadonlySet<string> = new Set(["invalid", "not-found", "denied", "unsupported"]);

/** Takes what is due from the queue, a bounded number at a time, and does it. */
export function createWorker({
  store,
  rules,
  replica,
  perform,
  log,
}: {
  readonly store: EventStore;
  readonly rules: LiveRules;
  readonly replica: string;
  readonly perform: Perform;
  readonly log: EventsLog;
}): Wakeable {
  const underWay = new Map<string, { readonly target: string; readonly work: Promise<void> }>();
  const closing = new AbortController();
  const unkept: Settled[] = [];
  let keeping: Promise<void> | null = null;

  /** What each busy target may still take; one that is not busy takes what its receiver says, or a few. */
  function caps(): ReadonlyMap<string, number> {
    const free = new Map<string, number>();
    for (const [name, { concurrency }] of rules.current().receivers) free.set(`receiver ${name}`, concurrency);
    for (const { target } of underWay.values()) free.set(target, Math.max(0, (free.get(target) ?? usualCap) - 1));
    return free;
  }

  async function attempt(delivery: Delivery): Promise<Outcome> {
    try {
      return await perform(delivery, deadline(attemptMs, closing.signal));
    } catch (thrown) {
      const error = hoopErrorFrom(thrown, "it failed inside Hoop");
      if (error.code === "internal") log.warn({ err: thrown, delivery: delivery.id }, "a delivery failed");
      return { kind: final.has(error.code) ? "never" : "retry", error: error.message };
    }
  }

  async function carryOut(delivery: Delivery): Promise<void> {
    const { id, attempts } = delivery;
    const outcome = await attempt(delivery);
    const ended = (state: "done" | "dead", word: string): Settled => ({ id, state, word: short(word), afterMs: 0 });
    if (outcome.kind === "done") return keep(ended("done", outcome.answer));
    if (outcome.kind === "never") return keep(ended("dead", outcome.error));
    if (attempts >= maxAttempts) return keep(ended("dead", `given up after ${attempts} attempts: ${outcome.error}`));
    const afterMs = Math.max(outcome.afterMs ?? 0, backOffMs(attempts));
    return keep({ id, state: "ready", word: short(outcome.error), afterMs });
  }

  /** What ends while the store is told of others is told in one go after them. */
  async function keep(settled: Settled): Promise<void> {
    unkept.push(settled);
    // Once more where one came just as the last of them was being told.
    while (unkept.length > 0) {
      keeping ??= keepAll().finally(() => {
        keeping = null;
      });
      await keeping;
    }
  }

  async function keepAll(): Promise<void> {
    while (unkept.length > 0) {
      const some = unkept.splice(0);
      try {
        await store.settle(replica, some);
      } catch (error) {
        // Their leases run out, and they are done again under the same ids.
        log.warn({ err: error, deliveries: some.length }, "what became of deliveries could not be kept");
      }
    }
  }

  const work = wakeable(async () => {
    try {
      const room = most - underWay.size;
      if (room > 0) {
        for (const delivery of await store.lease(replica, room, caps(), leaseMs)) {
          const done = carryOut(delivery).finally(() => {
            underWay.delete(delivery.id);
            work.wake();
          });
          underWay.set(delivery.id, { target: delivery.target, work: done });
        }
      }
      const due = await store.nextDue();
      // What is due and was not leased is another's, or its target is busy.
      return due === null ? pollMs : Math.min(pollMs, Math.max(due, 100));
    } catch (error) {
      log.warn({ err: error }, "the queue of reactions cannot be read; tried again");
      return pollMs;
    }
  });
  const stop = store.watchReactions(() => work.wake());
  work.wake();
  return {
    wake: work.wake,
    async close() {
      stop();
      await work.close();
      closing.abort();
      await Promise.all([...underWay.values()].map((one) => one.work));
    },
  };
}
