import { sql } from "kysely";
import type { AgentRegistry } from "../agents/index.js";
import type { Recorder } from "../recording/index.js";
import { createGate } from "../relay/gate.js";
import type { OpenSessions } from "../relay/open-sessions.js";
import type { PumpPorts } from "../relay/pump.js";
import type { Store } from "../storage/store.js";
import {
  Counters,
  countEntry,
  createMetrics,
  listenMetrics,
  type MetricSources,
  startTracing,
  type Tracing,
} from "../telemetry/index.js";
import { isLoopback } from "../transport/grpc/index.js";
import type { GatewayConfig } from "./config.js";
import type { Log } from "./log.js";
import { version } from "./version.js";

/** One statement of so many is timed: a call-back more for each would be felt, for one of sixteen it is not. */
const timedOf = 16;
const probeMs = 1_000;

/** What is known when everything else is made. */
export interface MeasuredParts
  extends Pick<MetricSources, "held" | "journal" | "runsActive" | "events" | "exporters" | "notReady"> {
  readonly store: Store;
  readonly open: OpenSessions;
  readonly agents: Pick<AgentRegistry, "list">;
}

/** Counting, tracing and where both are read. */
export interface Telemetry {
  readonly counters: Counters;
  /** A recorder that counts, and traces where that is configured, what goes by. */
  watch(recorder: Recorder): Recorder;
  readonly createGate: NonNullable<PumpPorts["createGate"]>;
  /** Opens the listener where one is configured. */
  measure(parts: MeasuredParts): Promise<void>;
  /** The text of a scrape. Throws until `measure`. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  close(): Promise<void>;
}

export async function startTelemetry(
  config: GatewayConfig,
  { replica, log }: { readonly replica: string; readonly log: Log },
): Promise<Telemetry> {
  const counters = new Counters();
  const closing: (() => Promise<void>)[] = [];
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  let tracing: Tracing | null = null;
  if (endpoint !== undefined) {
    const ratio = config.OTEL_TRACES_SAMPLER_ARG;
    tracing = await startTracing({ endpoint, ratio, version, replica });
    const started = tracing;
    log.traceIds?.((session) => started.traceId(session));
    closing.push(() => started.close());
  }
  let metrics: ReturnType<typeof createMetrics> | null = null;
  const render = () => {
    if (metrics === null) throw new TypeError("nothing is measured yet");
    return metrics.render();
  };

  return {
    counters,
    watch: (recorder) => (tracing === null ? counted(recorder, counters) : traced(recorder, counters, tracing)),
    createGate: (ports, asker, language, order) => timed(createGate(ports, asker, language, order), counters),
    async measure(parts) {
      metrics = createMetrics({ version, counters, ...sourcesOf(parts) });
      const at = config.HOOP_METRICS_LISTEN;
      if (at === undefined) return;
      if (!isLoopback(at.host))
        log.warn({ ...at }, "metrics are served without a token off loopback: keep that network to yourself");
      const listener = await listenMetrics(at, { metrics: render, notReady: parts.notReady });
      closing.push(() => listener.close());
    },
    render,
    async close() {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

function counted(recorder: Recorder, counters: Counters): Recorder {
  return {
    append(entry, done) {
      countEntry(counters, entry);
      recorder.append(entry, done);
    },
    flush: () => recorder.flush(),
    healthy: () => recorder.healthy(),
    close: () => recorder.close(),
  };
}

function traced(recorder: Recorder, counters: Counters, tracing: Tracing): Recorder {
  const inner = counted(recorder, counters);
  return {
    ...inner,
    append(entry, done) {
      tracing.entry(entry);
      inner.append(entry, done);
    },
  };
}

type Gate = ReturnType<typeof createGate>;

/** Times some of the statements of one session. */
function timed(gate: Gate, counters: Counters): Gate {
  const judge = gate.judge.bind(gate);
  let n = 0;
  gate.judge = (id, ask, answer, waits) => {
    if (n++ % timedOf !== 0 || ask.phase === "connect") return judge(id, ask, answer, waits);
    const began = performance.now();
    let waited = false;
    judge(
      id,
      ask,
      (given) => {
        // What waited for people says nothing of the gate.
        if (!waited) counters.gate.add(performance.now() - began);
        answer(given);
      },
      (waiting) => {
        waited = true;
        waits?.(waiting);
      },
    );
  };
  return gate;
}

function sourcesOf({ store, open, agents, ...given }: MeasuredParts): Omit<MetricSources, "version" | "counters"> {
  return {
    ...given,
    sessions() {
      const byProtocol = new Map<string, number>();
      for (const { asker } of open.all())
        byProtocol.set(asker.connection.protocol, (byProtocol.get(asker.connection.protocol) ?? 0) + 1);
      return byProtocol;
    },
    storeStaleMs: () => store.changes.staleness(),
    async storeProbe() {
      const began = performance.now();
      const answered = sql`select 1`.execute(store.db).then(
        () => performance.now() - began,
        () => null,
      );
      return Promise.race([answered, new Promise<null>((resolve) => setTimeout(resolve, probeMs, null).unref())]);
    },
    agents() {
      const all = agents.list();
      const draining = all.filter((agent) => agent.draining).length;
      return { connected: all.length - draining, draining };
    },
  };
}

/** What is still to be delivered of events, and what was given up. */
export async function eventCounts({
  db,
}: Pick<Store, "db">): Promise<{ readonly queued: number; readonly dead: number } | null> {
  try {
    const { rows } = await sql<{ queued: string; dead: string }>`select
      count(*) filter (where state in ('ready', 'waiting')) as queued, count(*) filter (where state = 'dead') as dead
      from reaction_deliveries where state in ('ready', 'waiting', 'dead')`.execute(db);
    return { queued: Number(rows[0]?.queued ?? 0), dead: Number(rows[0]?.dead ?? 0) };
  } catch {
    return null;
  }
}
