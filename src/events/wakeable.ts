/** Work that is done when somebody says so, one turn at a time, and looked at again now and then. */
export interface Wakeable {
  /** There may be something to do. A call during a turn asks for another one. */
  wake(): void;
  close(): Promise<void>;
}

/**
 * `turn` answers in how many milliseconds it wants to be woken if nobody does earlier. It must not throw. The first one is after
 * `firstMs`, or when somebody says so.
 */
export function wakeable(turn: () => Promise<number>, firstMs: number | null = null): Wakeable {
  let timer: NodeJS.Timeout | null = firstMs === null ? null : setTimeout(() => run(), firstMs).unref();
  let running: Promise<void> | null = null;
  let again = false;
  let closed = false;

  function run(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    running = turn()
      .catch(() => 1_000)
      .then((restMs) => {
        running = null;
        if (closed) return;
        if (again) {
          again = false;
          return run();
        }
        timer = setTimeout(run, restMs).unref();
      });
  }

  return {
    wake() {
      if (closed) return;
      if (running === null) run();
      else again = true;
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };
}
