import { createHash } from "node:crypto";
import { HoopError } from "../vocabulary/index.js";
import { createSlowDown, type SlowDown } from "./slow-down.js";
import { createThrottle, type Throttle } from "./throttle.js";

/** One try, counted under a key of which so many are free. Keys hold the asker's network, so that nobody locks out another. */
export interface Try {
  readonly key: string;
  readonly free: number;
}

export interface Settled {
  readonly key: string;
  /** `forgiven`: this one turned out well, what failed before still counts; `succeeded`: all is forgotten. */
  readonly as: "forgiven" | "succeeded";
}

/** Slows guessing down, on every replica together. */
export interface Attempts {
  /** Counts a try under each key, before its outcome is known. Throws HoopError `limited` while one of them has to wait; then none counts. */
  begin(tries: readonly Try[]): Promise<void>;
  settle(outcomes: readonly Settled[]): Promise<void>;
  /**
   * For a try from a network that the account does not know: resolves when it is its turn, see `SlowDown`. It counts as failed. Throws
   * HoopError `limited`.
   */
  turn(account: string, network: string): Promise<void>;
  /** Takes the failure of one `turn` back. */
  forgiveTurn(account: string): Promise<void>;
}

/** What replicas count together. Keys are hashes: an address or name is in no table of ours for this. */
export interface AttemptStore {
  /** Counts, unless one of them waits. Answers the milliseconds that the one which waits longest has to; 0: none does. */
  begin(tries: readonly { readonly key: Buffer; readonly free: number }[]): Promise<number>;
  settle(outcomes: readonly { readonly key: Buffer; readonly forget: boolean }[]): Promise<void>;
  /** Milliseconds until it is this try's turn; null: too many wait, or one from this network does. It is counted as failed where it is let in. */
  turn(account: Buffer, place: Buffer, rules: TurnRules): Promise<number | null>;
  forgiveTurn(account: Buffer): Promise<void>;
  sweep(): Promise<void>;
}

export interface TurnRules {
  readonly free: number;
  readonly stepMs: number;
  readonly mostMs: number;
  readonly waiting: number;
}

const turnRules: TurnRules = { free: 20, stepMs: 125, mostMs: 2_000, waiting: 12 };

const limited = (ms: number) =>
  new HoopError("limited", "too many failed attempts", { hint: `try again in ${Math.ceil(ms / 1_000)} s` });

/** On this replica alone. */
export function createLocalAttempts({
  slowDown = createSlowDown(),
  now = () => performance.now(),
}: {
  readonly slowDown?: SlowDown;
  readonly now?: () => number;
} = {}): Attempts {
  const throttles = new Map<number, Throttle>();
  const byFree = (free: number): Throttle => {
    let throttle = throttles.get(free);
    if (throttle === undefined) {
      throttle = createThrottle({ free, now });
      throttles.set(free, throttle);
    }
    return throttle;
  };
  const freeOf = new Map<string, number>();
  const mostKeys = 20_000;
  return {
    async begin(tries) {
      for (const { key, free } of tries) byFree(free).check(key);
      for (const { key, free } of tries) {
        byFree(free).failed(key);
        freeOf.delete(key);
        freeOf.set(key, free);
      }
      while (freeOf.size > mostKeys) freeOf.delete(freeOf.keys().next().value!);
    },
    async settle(outcomes) {
      for (const { key, as } of outcomes) {
        const free = freeOf.get(key);
        if (free !== undefined) byFree(free)[as](key);
      }
    },
    async turn(account, network) {
      await slowDown.enter(account, network);
      slowDown.failed(account);
    },
    forgiveTurn: async (account) => slowDown.forgiven(account),
  };
}

/**
 * All replicas together. What this replica knows to be waiting is refused without asking the store: a flood costs it one question
 * a wait, not one a try.
 */
export function createSharedAttempts({
  store,
  now = () => performance.now(),
  wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref()),
}: {
  readonly store: AttemptStore;
  readonly now?: () => number;
  readonly wait?: (ms: number) => Promise<void>;
}): Attempts {
  const waiting = new Map<string, number>();
  const mostWaiting = 20_000;
  const hashOf = (key: string): Buffer => createHash("sha256").update(`hoop attempts ${key}`).digest();

  function refuseKnown(tries: readonly Try[]): void {
    const at = now();
    for (const { key } of tries) {
      const until = waiting.get(key);
      if (until === undefined) continue;
      if (until > at) throw limited(until - at);
      waiting.delete(key);
    }
  }

  return {
    async begin(tries) {
      refuseKnown(tries);
      const ms = await store.begin(tries.map(({ key, free }) => ({ key: hashOf(key), free })));
      if (ms <= 0) return;
      // Which of several waits is not known, unless there is one.
      if (tries.length === 1) {
        if (waiting.size >= mostWaiting) waiting.delete(waiting.keys().next().value!);
        waiting.set(tries[0]!.key, now() + ms);
      }
      throw limited(ms);
    },
    async settle(outcomes) {
      for (const { key } of outcomes) waiting.delete(key);
      await store.settle(outcomes.map(({ key, as }) => ({ key: hashOf(key), forget: as === "succeeded" })));
    },
    async turn(account, network) {
      const ms = await store.turn(hashOf(`account ${account}`), hashOf(`place ${account} ${network}`), turnRules);
      if (ms === null) throw new HoopError("limited", "too many failed attempts", { hint: "try again in a minute" });
      if (ms > 0) await wait(ms);
    },
    forgiveTurn: (account) => store.forgiveTurn(hashOf(`account ${account}`)),
  };
}
