import { hostname } from "node:os";
import { join } from "node:path";
import type { ExportersPort } from "../api/exporters-port.js";
import type { EventLog } from "../events/index.js";
import { createExporters, judgedLookup } from "../exporters/index.js";
import type { Recorder, RecordingStore } from "../recording/index.js";
import type { SecretVault } from "../secrets/index.js";
import { createExporterStore } from "../storage/exporters.js";
import type { Store } from "../storage/store.js";
import type { GatewayConfig } from "./config.js";
import { createLineSource } from "./exporters/line-source.js";
import type { Log } from "./log.js";

export interface ExporterParts {
  readonly config: Pick<GatewayConfig, "HOOP_EXPORT_ROOT" | "HOOP_STATE_DIR">;
  readonly store: Store;
  readonly vault: SecretVault;
  readonly events: EventLog;
  readonly recordings: RecordingStore;
  readonly recorder: Pick<Recorder, "append">;
  readonly replica: string;
  readonly log: Log;
}

export interface StartedExporters {
  readonly port: ExportersPort;
  /** For metrics. */
  measured(): Promise<
    readonly { readonly name: string; readonly lag: number; readonly failing: boolean; readonly lost: number }[]
  >;
  close(): Promise<void>;
}

const secretRef = (exporter: string) => ({ kind: "exporter", id: exporter });

/** What leaves for tools elsewhere, on what the assembly has made. */
export function startExporters({ config, vault, recorder, log, replica, ...parts }: ExporterParts): StartedExporters {
  const store = createExporterStore(parts.store);
  const source = createLineSource(parts.events, parts.recordings);
  const exporters = createExporters({
    store,
    source,
    replica,
    log,
    lookup: judgedLookup(),
    fileRoot: config.HOOP_EXPORT_ROOT ?? join(config.HOOP_STATE_DIR, "exports"),
    hostname: hostname(),
    now: Date.now,
    secret: async (exporter) => (await vault.get(secretRef(exporter)))?.reveal() ?? null,
    lost(exporter, events) {
      log.error({ exporter, events }, "events were deleted before an exporter had delivered them");
      recorder.append({
        kind: "change",
        actor: { subject: "system", name: "exporters", system: true },
        what: "exporter.lost",
        target: exporter,
        before: null,
        after: { events },
      });
    },
  });
  return {
    port: {
      store,
      exporters,
      newest: () => source.newest(),
      putSecret: (exporter, secret) => vault.put(secretRef(exporter), secret),
      dropSecret: async (exporter) => void (await vault.delete(secretRef(exporter))),
      hasSecret: async (exporter) => (await vault.get(secretRef(exporter))) !== null,
    },
    measured: async () =>
      (await exporters.status()).map(({ name, lag, problem, lost }) => ({
        name,
        lag,
        failing: problem !== null,
        lost,
      })),
    close: () => exporters.close(),
  };
}
