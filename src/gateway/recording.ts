import { hostname } from "node:os";
import { join } from "node:path";
import {
  type AuditService,
  createAuditService,
  createFeeder,
  createHeadPublisher,
  createRecorder,
  createStoreRecorder,
  type Feeder,
  type Recorder,
  type RecordingKeys,
  type RecordingStore,
} from "../recording/index.js";
import type { SecretVault } from "../secrets/index.js";
import type { StoreWay } from "../storage/connect-store.js";
import { flushWritten } from "../transport/index.js";
import { deadline } from "../vocabulary/index.js";
import type { GatewayConfig } from "./config.js";
import { feedInThread } from "./feeding/thread.js";
import type { Log } from "./log.js";
import { startRetention } from "./retention.js";
import { version } from "./version.js";

export interface RecordingParts {
  readonly vault: SecretVault;
  readonly recordings: RecordingStore;
  /** How the thread that feeds the store reaches it. */
  readonly way: StoreWay;
  readonly log: Log;
  /** Steps that stop it, in the order in which they were started. */
  readonly closing: (() => unknown)[];
}

export interface Recording {
  readonly recorder: Recorder;
  /** Null: the recorder commits to the store itself. */
  readonly feeder: Feeder | null;
  readonly audit: AuditService;
  /** What could not be written since the start. */
  totals(): { readonly refused: number; readonly unrecorded: number };
  /** Opens what is sealed in the recording. */
  readonly keys: Pick<RecordingKeys, "byId">;
}

/** The journal on this disk with the store fed behind it, or, with HOOP_JOURNAL=store, the store alone. Heads are signed either way. */
export async function startRecording(
  config: GatewayConfig,
  { vault, recordings, way, log, closing }: RecordingParts,
): Promise<Recording> {
  const signer = await vault.signingKey("audit");
  const keys = await vault.keyRing("recording");
  const gateway = `${hostname()} ${version}`;
  const behind = (error: Error): void => log.warn({ err: error }, "the recording is behind; tried again");
  const local =
    config.HOOP_JOURNAL === "local"
      ? await createRecorder({
          folder: join(config.HOOP_STATE_DIR, "journal"),
          keys,
          signer,
          gateway,
          storeTip: (chain) => recordings.tip(chain),
          sync: config.HOOP_JOURNAL_SYNC,
          onFull: config.HOOP_JOURNAL_ON_FULL,
          // Statements of a group are on their way to their targets while the next group is worked on.
          onGroup: flushWritten,
          quotaBytes:
            config.HOOP_JOURNAL_QUOTA_MB === undefined ? undefined : config.HOOP_JOURNAL_QUOTA_MB * 1024 * 1024,
        })
      : null;
  const recorder = local ?? (await createStoreRecorder({ store: recordings, keys, signer, gateway }));
  closing.push(() => recorder.close());
  const feeder =
    local &&
    createFeeder({
      recorder: local,
      store: recordings,
      feeding: feedInThread({
        chain: local.chain,
        folder: local.journal.folder,
        store: way,
        slowMs: config.HOOP_EVENTS_SLOW_MS,
      }),
      onError: behind,
    });
  if (feeder) {
    closing.push(async () => {
      // What is journalled stays there; this only spares the next start the catching up.
      await feeder.drain(deadline(5_000)).catch(behind);
      await feeder.stop();
    });
  }
  const heads = createHeadPublisher({
    recorder,
    chains: () => recordings.chains(),
    folder: config.HOOP_HEADS_DIR ?? join(config.HOOP_STATE_DIR, "heads"),
    onError: behind,
  });
  closing.push(() => heads.stop());
  const audit = createAuditService({ store: recordings, recorder, feeder: feeder ?? undefined, signer, keys });
  if (config.HOOP_RETENTION_DAYS !== undefined)
    closing.push(startRetention(config.HOOP_RETENTION_DAYS, { audit, recorder, log, now: Date.now }));
  const totals = () => local?.status() ?? { refused: 0, unrecorded: 0 };
  return { recorder, totals, feeder, audit, keys };
}
