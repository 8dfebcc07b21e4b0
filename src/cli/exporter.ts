import { HoopError } from "../vocabulary/index.js";

/** An exporter as the API shows it, as far as the command line does. */
export interface ExporterView {
  readonly name: string;
  readonly sources: readonly string[];
  readonly target: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly deliveredAt: string | null;
  readonly delivered: number;
  readonly lost: number;
  readonly lag: number;
  readonly failures: number;
  readonly problem: string | null;
}

/** `syslog+tls://siem:6514`, as it was typed. */
export function addressOf({ target }: ExporterView): string {
  if (target.kind === "file") return `file:${String(target.path)}`;
  if (target.kind === "syslog")
    return `syslog+${String(target.transport)}://${String(target.host)}:${String(target.port)}`;
  return target.kind === "otlp" ? `otlp+${String(target.url)}` : String(target.url);
}

/** The target that an address says. Throws HoopError `invalid`. */
export function targetFrom(address: string): Record<string, unknown> {
  const file = /^file:(?:\/\/)?(.+)$/.exec(address);
  if (file) return { kind: "file", path: file[1]! };
  const syslog = /^syslog\+(tls|tcp|udp):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?\/?$/.exec(address);
  if (syslog)
    return {
      kind: "syslog",
      transport: syslog[1]!,
      host: syslog[2]!,
      ...(syslog[3] === undefined ? {} : { port: Number(syslog[3]) }),
    };
  const otlp = /^otlp\+(https?:\/\/.+)$/.exec(address);
  if (otlp) return { kind: "otlp", url: otlp[1]! };
  if (/^https?:\/\//.test(address)) return { kind: "http", url: address };
  throw new HoopError("invalid", `${JSON.stringify(address.slice(0, 100))} is no address of an exporter`, {
    hint: "file:PATH, syslog+tls://HOST:PORT, https://…, otlp+https://…",
  });
}
