import { HoopError, hoopErrorFrom } from "../vocabulary/index.js";
import { createSink } from "./create-sink.js";
import type { Line } from "./line.js";
import type { Sink, SinkPorts } from "./sink.js";
import type { Exporter, ExporterStore, LineSource } from "./store.js";

export interface ExportersOptions extends Omit<SinkPorts, "secret"> {
  readonly store: ExporterStore;
  readonly source: LineSource;
  readonly secret: (exporter: string) => Promise<string | null>;
  readonly replica: string;
  readonly log: { warn(fields: object, text: string): void; error(fields: object, text: string): void };
  /** Told loudly, in the audit and as an event: an exporter could not have what was deleted. */
  readonly lost: (exporter: string, events: number) => void;
  /** Between two looks when there was nothing new. */
  readonly idleMs?: number | undefined;
}

export interface Exporters {
  /** How far each is behind. */
  status(): Promise<readonly (Exporter & { readonly lag: number })[]>;
  /** Sends one line that says that it is a test. Throws HoopError with what is wrong. */
  test(exporter: Exporter, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Renewed every second, and while a receiver takes its time: that of a gateway that was killed is over soon. */
const leaseMs = 10_000;
const usualIdleMs = 1_000;
const readAtOnce = 500;
const longestWaitMs = 60_000;
const lagMs = 2_000;

/** Delivers what is new, in order, at least once: an exporter's cursor moves after its receiver has the lines. */
export function createExporters(options: ExportersOptions): Exporters {
  const { store, source, replica, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const working = new Map<string, Promise<void>>();
  const sinks = new Map<string, { readonly version: number; readonly sink: Sink }>();
  let lags: { at: number; value: ReturnType<Exporters["status"]> } | null = null;

  async function sinkOf({ name, version, target }: Exporter): Promise<Sink> {
    const known = sinks.get(name);
    if (known?.version === version) return known.sink;
    if (known) await known.sink.close().catch(() => {});
    const sink = createSink(target, { ...options, secret: await options.secret(name) });
    sinks.set(name, { version, sink });
    return sink;
  }

  /** As long as there is something and the lease holds. */
  async function deliver(name: string): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const exporter = await store.lease(name, replica, leaseMs);
      if (exporter === null) return drop(name);
      failures = exporter.failures;
      try {
        const found = await source.read(exporter.sources, exporter.cursor, readAtOnce);
        if (found.lines.length > 0) await sending(exporter, found.lines);
        else if (found.lost === 0) {
          // A cursor may pass over what is nobody's line.
          if (JSON.stringify(found.cursor) !== JSON.stringify(exporter.cursor))
            await store.delivered(name, replica, exporter.version, found.cursor, 0, 0);
          return;
        }
        if (!(await store.delivered(name, replica, exporter.version, found.cursor, found.lines.length, found.lost)))
          return drop(name);
        if (found.lost > 0) options.lost(name, found.lost);
      } catch (error) {
        if (signal.aborted) return;
        const failure = hoopErrorFrom(error, "the lines could not be delivered");
        const wait = Math.min(500 * 2 ** Math.min(failures, 10), longestWaitMs) * (0.5 + Math.random() / 2);
        log.warn(
          { exporter: name, error: failure.message, failures: failures + 1 },
          "an exporter could not deliver; tried again",
        );
        await drop(name);
        return store.failed(name, replica, failure.message, wait);
      }
    }
  }

  /** Renews the lease while a slow receiver takes its time: nobody else sends the same meanwhile. */
  async function sending(exporter: Exporter, lines: readonly Line[]): Promise<void> {
    const lost = new AbortController();
    const renew = setInterval(() => {
      store.lease(exporter.name, replica, leaseMs).then(
        (held) => held === null && lost.abort(new HoopError("conflict", "another gateway delivers for this exporter")),
        () => {},
      );
    }, leaseMs / 3);
    try {
      await (await sinkOf(exporter)).send(lines, AbortSignal.any([signal, lost.signal]));
    } finally {
      clearInterval(renew);
    }
  }

  async function drop(name: string): Promise<void> {
    const known = sinks.get(name);
    sinks.delete(name);
    await known?.sink.close().catch(() => {});
  }

  async function look(): Promise<void> {
    const all = await store.list();
    for (const { name, enabled } of all) {
      if (!enabled || working.has(name)) continue;
      // Each at its own pace: a receiver that hangs keeps nobody else waiting.
      working.set(
        name,
        deliver(name)
          .catch((error: unknown) =>
            log.warn({ err: error, exporter: name }, "an exporter's state could not be read; tried again"),
          )
          .finally(() => working.delete(name)),
      );
    }
    const names = new Set(all.map(({ name }) => name));
    for (const name of sinks.keys()) if (!names.has(name)) await drop(name);
  }

  const looking = (async () => {
    while (!signal.aborted) {
      await look().catch(
        (error: unknown) => signal.aborted || log.warn({ err: error }, "exporters could not be read; tried again"),
      );
      await pause(options.idleMs ?? usualIdleMs, signal);
    }
  })();

  return {
    status() {
      // A scrape asks several times in a row.
      if (lags !== null && options.now() - lags.at < lagMs) return lags.value;
      const value = store
        .list()
        .then((all) =>
          Promise.all(all.map(async (one) => ({ ...one, lag: await source.lag(one.sources, one.cursor) }))),
        );
      lags = { at: options.now(), value };
      value.catch(() => {
        lags = null;
      });
      return value;
    },
    async test(exporter, outer) {
      const sink = createSink(exporter.target, { ...options, secret: await options.secret(exporter.name) });
      const time = options.now();
      const json = JSON.stringify({
        source: "events",
        id: `test:${time}`,
        time,
        type: "exporter.test",
        exporter: exporter.name,
      });
      try {
        await sink.send(
          [{ source: "events", id: `test:${time}`, time, type: "exporter.test", severity: "info", json }],
          outer,
        );
      } finally {
        await sink.close().catch(() => {});
      }
    },
    async close() {
      stopping.abort();
      await looking;
      await Promise.all(working.values());
      for (const name of [...sinks.keys()]) await drop(name);
      for (const { name, replica: own } of await store.list().catch(() => []))
        if (own === replica) await store.release(name, replica).catch(() => {});
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms).unref();
    signal.addEventListener("abort", over, { once: true });
    if (signal.aborted) over();
  });
}
