import type { LookupFunction } from "node:net";
import type { Line } from "./line.js";

/** One open way out. */
export interface Sink {
  /**
   * Resolves when the receiver has it, as far as its transport can say. Rejects with HoopError; what was under way is sent again.
   */
  send(lines: readonly Line[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface SinkPorts {
  /** Looks a host up and judges what it finds: no metadata service, nothing link-local. */
  readonly lookup: LookupFunction;
  /** Folder for exporters of kind `file`. */
  readonly fileRoot: string;
  /** The exporter's: a token, or the key of signatures; null: none. */
  readonly secret: string | null;
  readonly now: () => number;
  /** Of this machine, for syslog. */
  readonly hostname: string;
}
