import type { Span, Tracer } from "@opentelemetry/api";
import { type TraceParent, traceParentFrom, traceParentInComment } from "./traceparent.js";

/** A recording's entry, as far as a trace shows it: names and numbers, no text of a statement. */
export type TracedEntry =
  | {
      readonly kind: "session-opened";
      readonly session: string;
      readonly connection: string;
      readonly protocol: string;
      readonly run?: string | undefined;
    }
  | {
      readonly kind: "statement";
      readonly session: string;
      readonly statement: string;
      readonly outcome: string;
      readonly phase: string;
      readonly text: string;
      readonly analysis: { readonly effects: readonly string[] } | null;
      /** What the asker said of its own trace, as it came. */
      readonly trace?: string | undefined;
    }
  | {
      readonly kind: "statement-finished";
      readonly session: string;
      readonly statement: string;
      readonly outcome: string;
      readonly rows: number;
      readonly durationMs: number;
    }
  | { readonly kind: "session-closed"; readonly session: string; readonly reason: { readonly code: string } }
  | { readonly kind: "session-refused" | "session-ready" | "screen" | "warning" | "change" };

/** Spans of this replica's lanes and statements. */
export interface Tracing {
  entry(entry: TracedEntry): void;
  /** For logs; null: the session has no trace. */
  traceId(session: string): string | null;
  close(): Promise<void>;
}

export interface TracingOptions {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT` */
  readonly endpoint: string;
  /** What of new traces is kept, 0 to 1. What is part of somebody's trace follows theirs. */
  readonly ratio: number;
  readonly version: string;
  readonly replica: string;
}

/** Spans that are open at a time; what comes beyond has none. */
const maxSpans = 20_000;
const closeMs = 3_000;

/** Loads OpenTelemetry and begins to send. Only called where an endpoint is set. */
export async function startTracing({ endpoint, ratio, version, replica }: TracingOptions): Promise<Tracing> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace-base"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` });
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({
      "service.name": "hoop-gateway",
      "service.version": version,
      "service.instance.id": replica,
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  });
  return new Spans(api, provider.getTracer("hoop", version), async () => {
    await Promise.race([provider.shutdown(), new Promise((resolve) => setTimeout(resolve, closeMs).unref())]);
  });
}

type Api = typeof import("@opentelemetry/api");

class Spans implements Tracing {
  readonly #lanes = new Map<string, Span>();
  readonly #statements = new Map<string, Span>();
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly close: () => Promise<void>;

  constructor(api: Api, tracer: Tracer, close: () => Promise<void>) {
    this.#api = api;
    this.#tracer = tracer;
    this.close = close;
  }

  traceId(session: string): string | null {
    return this.#lanes.get(session)?.spanContext().traceId ?? null;
  }

  entry(entry: TracedEntry): void {
    switch (entry.kind) {
      case "session-opened":
        return this.#open(entry);
      case "statement":
        return this.#begin(entry);
      case "statement-finished":
        return this.#finish(entry);
      case "session-closed": {
        const lane = this.#lanes.get(entry.session);
        if (lane === undefined) return;
        this.#lanes.delete(entry.session);
        lane.setAttribute("hoop.end", entry.reason.code);
        lane.end();
        return;
      }
      default:
    }
  }

  #open(entry: Extract<TracedEntry, { kind: "session-opened" }>): void {
    if (this.#lanes.size >= maxSpans) return;
    const attributes = {
      "hoop.session": entry.session,
      "hoop.connection": entry.connection,
      "hoop.protocol": entry.protocol,
      ...(entry.run === undefined ? {} : { "hoop.run": entry.run }),
    };
    this.#lanes.set(
      entry.session,
      this.#tracer.startSpan(
        `lane ${entry.protocol}`,
        { kind: this.#api.SpanKind.SERVER, attributes },
        this.#api.ROOT_CONTEXT,
      ),
    );
  }

  #begin(entry: Extract<TracedEntry, { kind: "statement" }>): void {
    const lane = this.#lanes.get(entry.session);
    if (lane === undefined || this.#statements.size >= maxSpans) return;
    const { SpanKind, trace } = this.#api;
    const remote = entry.trace === undefined ? traceParentInComment(entry.text) : traceParentFrom(entry.trace);
    const parent = remote === null ? trace.setSpan(this.#api.ROOT_CONTEXT, lane) : this.#context(remote);
    const span = this.#tracer.startSpan(
      `statement ${entry.phase}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          "hoop.statement": entry.statement,
          "hoop.verdict": entry.outcome,
          "hoop.effects": [...(entry.analysis?.effects ?? [])],
        },
        // In the asker's own trace; the lane that it came by is linked.
        links: remote === null ? [] : [{ context: lane.spanContext() }],
      },
      parent,
    );
    if (entry.outcome === "allow") this.#statements.set(entry.statement, span);
    else {
      if (entry.outcome === "deny") span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: "denied" });
      span.end();
    }
  }

  #finish(entry: Extract<TracedEntry, { kind: "statement-finished" }>): void {
    const span = this.#statements.get(entry.statement);
    if (span === undefined || entry.outcome === "suspended") return;
    this.#statements.delete(entry.statement);
    span.setAttribute("hoop.rows", entry.rows);
    if (entry.outcome === "error")
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: "the target refused it" });
    span.end();
  }

  #context({ traceId, spanId, sampled }: TraceParent) {
    const { trace, TraceFlags, ROOT_CONTEXT } = this.#api;
    const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
  }
}
