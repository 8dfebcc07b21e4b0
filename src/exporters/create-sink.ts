import { createFileSink } from "./file-sink.js";
import { createHttpSink } from "./http-sink.js";
import { createOtlpSink } from "./otlp-sink.js";
import type { Sink, SinkPorts } from "./sink.js";
import { createSyslogSink } from "./syslog-sink.js";
import type { ExportTarget } from "./target.js";

/** Every way out, by its kind. */
export function createSink(target: ExportTarget, ports: SinkPorts): Sink {
  switch (target.kind) {
    case "file":
      return createFileSink(target, ports);
    case "syslog":
      return createSyslogSink(target, ports);
    case "http":
      return createHttpSink(target, ports);
    case "otlp":
      return createOtlpSink(target, ports);
  }
}
