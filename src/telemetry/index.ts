export { type CountedEntry, countEntry } from "./count-entry.js";
export { Counters, Latencies, latencyBuckets } from "./counters.js";
export { listenMetrics, type MetricsListener } from "./listen.js";
export { createMetrics, type MetricSources } from "./metrics.js";
export { traceParentFrom, traceParentInComment } from "./traceparent.js";
export { startTracing, type TracedEntry, type Tracing } from "./tracing.js";
