import type { Metric, Registry } from "prom-client";
import { type Counters, type Latencies, latencyBuckets } from "./counters.js";

/** What a scrape asks for; each is looked at then and not before. */
export interface MetricSources {
  readonly version: string;
  readonly counters: Counters;
  /** Open sessions by protocol. */
  sessions(): ReadonlyMap<string, number>;
  /** Statements and accesses that wait for people here. */
  held(): number;
  journal(): {
    readonly writable: boolean;
    readonly behind: number;
    readonly refused: number;
    readonly unrecorded: number;
  };
  storeStaleMs(): number;
  /** One round trip to the store, milliseconds; null: none came in time. */
  storeProbe(): Promise<number | null>;
  agents(): { readonly connected: number; readonly draining: number };
  runsActive(): number;
  /** Null: there is none. */
  events(): Promise<{ readonly queued: number; readonly dead: number } | null>;
  exporters(): Promise<
    readonly { readonly name: string; readonly lag: number; readonly failing: boolean; readonly lost: number }[]
  >;
  /** Why this replica should get no traffic. */
  notReady(): readonly string[];
}

type Value = {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly metricName?: string;
};

/** A metric whose values are there already, and only have to be written out. */
class Live {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly #values: () => readonly Value[] | Promise<readonly Value[]>;

  constructor(
    type: Live["type"],
    name: string,
    help: string,
    values: () => readonly Value[] | Promise<readonly Value[]>,
  ) {
    this.type = type;
    this.name = name;
    this.help = help;
    this.#values = values;
  }

  async get() {
    return { name: this.name, help: this.help, type: this.type, aggregator: "sum", values: await this.#values() };
  }

  reset(): void {}
}

/** The text that a scrape gets. The library is loaded by the first one. */
export function createMetrics(sources: MetricSources): { render(): Promise<{ contentType: string; text: string }> } {
  let registry: Promise<Registry> | null = null;
  return {
    async render() {
      registry ??= build(sources);
      const made = await registry;
      return { contentType: made.contentType, text: await made.metrics() };
    },
  };
}

async function build(sources: MetricSources): Promise<Registry> {
  const prom = await import("prom-client");
  const registry = new prom.Registry();
  // CPU, memory, garbage collection and the delay of the event loop.
  prom.collectDefaultMetrics({ register: registry });
  const { counters } = sources;
  const add = (
    type: Live["type"],
    name: string,
    help: string,
    values: () => readonly Value[] | Promise<readonly Value[]>,
  ) => registry.registerMetric(new Live(type, name, help, values) as unknown as Metric);
  const one = (value: number): readonly Value[] => [{ value }];
  const by = (label: string, entries: Iterable<readonly [string, number]>): readonly Value[] =>
    [...entries].map(([name, value]) => ({ value, labels: { [label]: name } }));

  add("gauge", "hoop_build_info", "The version that runs; always 1.", () => [
    { value: 1, labels: { version: sources.version } },
  ]);
  add("gauge", "hoop_ready", "1: this replica should get traffic.", () => one(sources.notReady().length === 0 ? 1 : 0));
  add("gauge", "hoop_sessions_open", "Sessions that are open here.", () => by("protocol", sources.sessions()));
  add("counter", "hoop_sessions_total", "Sessions that asked to begin here.", () => [
    ...counters.opened.entries().map(([protocol, value]) => ({ value, labels: { protocol, result: "opened" } })),
    ...counters.refused.entries().map(([protocol, value]) => ({ value, labels: { protocol, result: "refused" } })),
  ]);
  add("counter", "hoop_statements_total", "Statements by what was decided.", () =>
    by("verdict", Object.entries(counters.statements)),
  );
  add("counter", "hoop_statement_results_total", "Statements that ended, by how.", () =>
    by("result", Object.entries(counters.results)),
  );
  add("counter", "hoop_rows_total", "Rows that targets returned or changed.", () => one(counters.rows));
  add("counter", "hoop_masked_cells_total", "Values that were masked.", () => one(counters.maskedCells));
  add("counter", "hoop_reply_bytes_total", "Bytes of replies to statements.", () => one(counters.replyBytes));
  add(
    "counter",
    "hoop_session_bytes_total",
    "Bytes of sessions that have ended, as their clients sent and received them.",
    () =>
      by("direction", [
        ["in", counters.bytesIn],
        ["out", counters.bytesOut],
      ]),
  );
  add("histogram", "hoop_gate_seconds", "From a statement to its verdict; one statement of sixteen is timed.", () =>
    histogram("hoop_gate_seconds", counters.gate),
  );
  add("gauge", "hoop_held", "Statements and accesses that wait for people here.", () => one(sources.held()));
  add("gauge", "hoop_journal_writable", "1: the journal takes entries.", () => one(sources.journal().writable ? 1 : 0));
  add("gauge", "hoop_journal_behind_entries", "Entries of the journal that the store does not have yet.", () =>
    one(sources.journal().behind),
  );
  add("counter", "hoop_journal_refused_total", "Statements that were refused because they could not be recorded.", () =>
    one(sources.journal().refused),
  );
  add("counter", "hoop_journal_unrecorded_total", "Entries that are lost.", () => one(sources.journal().unrecorded));
  add("gauge", "hoop_store_stale_seconds", "Since the store last answered.", () =>
    one(Math.min(sources.storeStaleMs() / 1_000, 1e9)),
  );
  add(
    "gauge",
    "hoop_store_seconds",
    "One round trip to the store, at this scrape; NaN: none came in time.",
    async () => {
      const ms = await sources.storeProbe();
      return one(ms === null ? Number.NaN : ms / 1_000);
    },
  );
  add("gauge", "hoop_agents", "Agents that are connected here.", () => {
    const { connected, draining } = sources.agents();
    return by("state", [
      ["connected", connected],
      ["draining", draining],
    ]);
  });
  add("gauge", "hoop_runbook_runs_active", "Runs of runbooks that go on or wait here.", () =>
    one(sources.runsActive()),
  );
  add("counter", "hoop_runbook_runs_total", "Runs of runbooks that ended here.", () =>
    by("state", counters.runs.entries()),
  );
  add("gauge", "hoop_events_queued", "Deliveries of events that are still to be made.", async () => {
    const events = await sources.events();
    return events === null ? [] : one(events.queued);
  });
  add("gauge", "hoop_events_dead_letters", "Deliveries of events that were given up.", async () => {
    const events = await sources.events();
    return events === null ? [] : one(events.dead);
  });
  const exporters = () => sources.exporters().then((all) => all.slice(0, 100));
  add("gauge", "hoop_exporter_lag", "Entries and events that an exporter has not delivered yet.", async () =>
    by(
      "exporter",
      (await exporters()).map(({ name, lag }) => [name, lag] as const),
    ),
  );
  add("gauge", "hoop_exporter_failing", "1: the last try of an exporter failed.", async () =>
    by(
      "exporter",
      (await exporters()).map(({ name, failing }) => [name, failing ? 1 : 0] as const),
    ),
  );
  add(
    "counter",
    "hoop_exporter_lost_total",
    "Events that were deleted before an exporter had delivered them.",
    async () =>
      by(
        "exporter",
        (await exporters()).map(({ name, lost }) => [name, lost] as const),
      ),
  );
  return registry;
}

function histogram(name: string, latencies: Latencies): readonly Value[] {
  let below = 0;
  const values: Value[] = latencyBuckets.map((end, at) => {
    below += latencies.counts[at]!;
    return { value: below, labels: { le: String(end / 1_000) }, metricName: `${name}_bucket` };
  });
  values.push({ value: latencies.count, labels: { le: "+Inf" }, metricName: `${name}_bucket` });
  values.push({ value: latencies.sum / 1_000, metricName: `${name}_sum` });
  values.push({ value: latencies.count, metricName: `${name}_count` });
  return values;
}
