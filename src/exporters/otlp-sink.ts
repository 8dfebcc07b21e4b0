import { HoopError } from "../vocabulary/index.js";
import { batchesOf } from "./http-sink.js";
import type { Line } from "./line.js";
import { post } from "./post.js";
import type { Sink, SinkPorts } from "./sink.js";
import type { ExportTarget } from "./target.js";

type OtlpTarget = Extract<ExportTarget, { kind: "otlp" }>;

/** As OpenTelemetry numbers them. */
const severities = {
  info: [9, "INFO"],
  notice: [10, "INFO2"],
  warning: [13, "WARN"],
  error: [17, "ERROR"],
} as const;

/** A request of OTLP over HTTP in JSON. Source: opentelemetry-proto, `ExportLogsServiceRequest`. */
export function otlpLogs(lines: readonly Line[], hostname: string, now: number): unknown {
  return {
    resourceLogs: [
      {
        resource: { attributes: [text("service.name", "hoop"), text("host.name", hostname)] },
        scopeLogs: [
          {
            scope: { name: "hoop" },
            logRecords: lines.map((line) => ({
              timeUnixNano: nanos(line.time),
              observedTimeUnixNano: nanos(now),
              severityNumber: severities[line.severity][0],
              severityText: severities[line.severity][1],
              body: { stringValue: line.json },
              attributes: [
                text("event.name", line.type),
                text("hoop.source", line.source),
                text("log.record.uid", line.part === undefined ? line.id : `${line.id}#${line.part.index}`),
                ...(line.part === undefined
                  ? []
                  : [
                      text("hoop.part.of", line.id),
                      whole("hoop.part.index", line.part.index),
                      whole("hoop.part.count", line.part.count),
                    ]),
              ],
            })),
          },
        ],
      },
    ],
  };
}

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
// 64-bit numbers are texts in protobuf's JSON.
const whole = (key: string, value: number) => ({ key, value: { intValue: String(value) } });
const nanos = (ms: number) => `${Math.max(0, Math.trunc(ms))}000000`;

/** A record's own frame beside its line. */
const recordRoom = 1_024;

export function createOtlpSink(target: OtlpTarget, ports: SinkPorts): Sink {
  const url = `${target.url.replace(/\/+$/, "")}${target.url.endsWith("/v1/logs") ? "" : "/v1/logs"}`;
  return {
    async send(lines, signal) {
      for (const batch of batchesOf(
        lines,
        Math.min(target.batch, Math.floor(target.maxBytes / recordRoom)),
        target.maxBytes,
      )) {
        const headers: Record<string, string> = { ...target.headers, "content-type": "application/json" };
        if (ports.secret !== null) headers.authorization = `Bearer ${ports.secret}`;
        const body = Buffer.from(JSON.stringify(otlpLogs(batch, ports.hostname, ports.now())));
        rejected(await post({ url, ca: target.ca, headers, body, gzip: target.gzip }, ports, signal));
      }
    },
    async close() {},
  };
}

/** A collector may answer 200 and still have refused some: none of them may count as delivered. */
function rejected(answer: string): void {
  if (answer.trim() === "") return;
  let said: { partialSuccess?: { rejectedLogRecords?: string | number; errorMessage?: string } };
  try {
    said = JSON.parse(answer) as typeof said;
  } catch {
    return;
  }
  const count = Number(said.partialSuccess?.rejectedLogRecords ?? 0);
  if (count > 0)
    throw new HoopError(
      "unavailable",
      `the collector refused ${count} records: ${String(said.partialSuccess?.errorMessage ?? "").slice(0, 200)}`,
    );
}
