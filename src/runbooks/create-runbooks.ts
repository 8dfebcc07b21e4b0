import { createRunner, type Runner, type RunnerPorts } from "./create-runner.js";
import { planSchedules, startDue } from "./schedules.js";
import { type SyncPorts, type SyncResult, syncSource } from "./sync.js";

export interface RunbooksOptions extends RunnerPorts, Pick<SyncPorts, "secret" | "fileRoot"> {
  /** For how many days runs that are over are kept. */
  readonly keepDays: number;
  /** How often sources are looked at. */
  readonly syncMs?: number | undefined;
}

/** Runbooks of this gateway: the runs, what schedules start, what repositories bring. */
export interface Runbooks {
  readonly runner: Runner;
  /** Looks at a source now. Null: there is none of that name. */
  sync(source: string, signal: AbortSignal): Promise<SyncResult | null>;
  close(): Promise<void>;
}

const beatMs = 2_000;
const tickMs = 1_000;
const sweepMs = 60 * 60_000;
const usualSyncMs = 60_000;

/** @example const runbooks = createRunbooks({ store, lanes, judge, subjects, connections, approvals, witness, log, replica, now, … }); */
export function createRunbooks(options: RunbooksOptions): Runbooks {
  const { store, log } = options;
  const runner = createRunner(options);
  const stopping = new AbortController();
  let planned = false;
  const stopWatching = store.watch(() => {
    planned = false;
  });

  async function tick(): Promise<void> {
    if (!planned) {
      planned = true;
      await planSchedules(store).catch((error: unknown) => {
        planned = false;
        throw error;
      });
    }
    await startDue({ ...options, runner });
    const every = options.syncMs ?? usualSyncMs;
    for (const source of await store.sources())
      if (await store.claimSource(source.name, every)) {
        const { problems } = await syncSource(options, source, stopping.signal);
        if (problems.length > 0) log.warn({ source: source.name, problems }, "a source of runbooks has problems");
      }
  }

  const loops = [
    loop(
      beatMs,
      stopping.signal,
      () => runner.beat(),
      (error) => log.warn({ err: error }, "runs could not be looked after; tried again"),
    ),
    loop(tickMs, stopping.signal, tick, (error) =>
      log.warn({ err: error }, "schedules and sources could not be looked at; tried again"),
    ),
    loop(
      sweepMs,
      stopping.signal,
      async () => void (await store.sweepRuns(options.keepDays, stopping.signal)),
      (error) => log.warn({ err: error }, "old runs were not removed"),
    ),
  ];

  return {
    runner,
    async sync(name, signal) {
      const source = (await store.sources()).find((one) => one.name === name);
      return source ? syncSource(options, source, signal) : null;
    },
    async close() {
      stopWatching();
      await runner.close();
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** Again and again, never twice at a time, until the signal. */
async function loop(
  everyMs: number,
  signal: AbortSignal,
  act: () => Promise<void>,
  failed: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await act().catch((error: unknown) => signal.aborted || failed(error));
    await new Promise<void>((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        resolve();
      };
      const timer = setTimeout(over, everyMs).unref();
      signal.addEventListener("abort", over, { once: true });
      if (signal.aborted) over();
    });
  }
}
