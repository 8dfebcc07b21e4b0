import type { MachineStore } from "./store.js";

/** Remembers when keys were used last, behind them: a use never waits for the store. */
export interface LastUsed {
  used(key: string, from: string): void;
  close(): Promise<void>;
}

const gatherMs = 10_000;
/** A key that is used all the time is written down so often. */
const oftenMs = 60_000;
const most = 5_000;

export function createLastUsed({
  store,
  log,
  now,
}: {
  readonly store: Pick<MachineStore, "keysUsed">;
  readonly log: { warn(fields: object, text: string): void };
  readonly now: () => number;
}): LastUsed {
  let waiting = new Map<string, { at: Date; from: string }>();
  const written = new Map<string, number>();
  let timer: NodeJS.Timeout | null = null;

  async function write(): Promise<void> {
    timer = null;
    const batch = waiting;
    waiting = new Map();
    if (batch.size === 0) return;
    for (const [key, { at }] of batch) written.set(key, at.getTime());
    if (written.size > most) written.clear();
    await store
      .keysUsed([...batch].map(([key, { at, from }]) => ({ key, at, from })))
      .catch((error: unknown) => log.warn({ err: error }, "when keys were used last could not be written down"));
  }

  return {
    used(key, from) {
      const at = now();
      if (at - (written.get(key) ?? 0) < oftenMs || (waiting.size >= most && !waiting.has(key))) return;
      waiting.set(key, { at: new Date(at), from: from.slice(0, 64) });
      timer ??= setTimeout(() => void write(), gatherMs).unref();
    },
    async close() {
      if (timer !== null) clearTimeout(timer);
      await write();
    },
  };
}
