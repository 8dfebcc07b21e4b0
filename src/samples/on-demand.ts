import { HoopError } from "../vocabulary/index.js";

/** Something that runs until it is stopped, or ends by itself. */
export interface Running {
  stop(): Promise<void>;
  /** Resolves when it is gone, however. Left out: it looks after itself. */
  readonly gone?: Promise<void> | undefined;
}

/** Runs a thing while somebody uses it, and a while longer. */
export interface OnDemand<T extends Running> {
  /** Starts it unless it runs. Throws what starting it throws; the next caller tries again. */
  acquire(): Promise<{ readonly value: T; readonly release: () => void }>;
  close(): Promise<void>;
}

export function createOnDemand<T extends Running>({
  start,
  idleMs,
}: {
  readonly start: () => Promise<T>;
  readonly idleMs: number;
}): OnDemand<T> {
  let running: Promise<T> | null = null;
  /** Two on one folder or socket would be in each other's way: the next one starts after this. */
  let stopped: Promise<void> = Promise.resolve();
  let users = 0;
  let idle: NodeJS.Timeout | undefined;
  let closed = false;

  function stopNow(): void {
    const ending = running;
    if (ending === null) return;
    running = null;
    stopped = ending.then((value) => value.stop()).catch(() => {});
  }

  function run(): Promise<T> {
    const begun = stopped.then(start);
    const forget = () => {
      if (running === begun) running = null;
    };
    begun.then((value) => value.gone?.then(forget), forget);
    return begun;
  }

  return {
    async acquire() {
      if (closed) throw new HoopError("unavailable", "this gateway is shutting down");
      users++;
      clearTimeout(idle);
      let released = false;
      const release = () => {
        if (released) return;
        released = true;
        users--;
        if (users === 0 && !closed) idle = setTimeout(stopNow, idleMs).unref();
      };
      running ??= run();
      try {
        return { value: await running, release };
      } catch (error) {
        release();
        throw error;
      }
    },
    async close() {
      closed = true;
      clearTimeout(idle);
      stopNow();
      await stopped;
    },
  };
}
