import { randomUUID } from "node:crypto";
import { type ChainId, chainId, type HoopError } from "../vocabulary/index.js";
import type { ChainTip } from "./entry.js";
import type { ChainPoint, SignedHead } from "./head.js";
import { Journal } from "./journal/journal.js";
import { JournalRecorder } from "./journal-recorder.js";
import type { HeadSigner, RecordingKeys } from "./keys.js";
import type { Recorder } from "./recorder.js";

export interface RecorderOptions {
  /** The journal's folder, on a durable disk, owned by this process. */
  readonly folder: string;
  readonly keys: RecordingKeys;
  readonly signer: HeadSigner;
  /** What entries of this process are known by: host name and version. */
  readonly gateway: string;
  /** Power loss is covered too: `done` waits for the disk. */
  readonly sync?: boolean | undefined;
  /** The disk is full: refuse statements (default), or let them run and count what is not recorded. */
  readonly onFull?: "refuse" | "count" | undefined;
  readonly segmentBytes?: number | undefined;
  readonly quotaBytes?: number | undefined;
  readonly keepMs?: number | undefined;
  readonly keepBytes?: number | undefined;
  /** Statements whose answers may wait for one write within a turn of the event loop; 8 unless said otherwise. */
  readonly group?: number | undefined;
  /** Called after a group in the middle of a turn was answered: what its sessions sent need not wait for the rest of the turn. */
  readonly onGroup?: (() => void) | undefined;
  /** How often a full disk is tried again. */
  readonly retryMs?: number | undefined;
  readonly now?: (() => number) | undefined;
  /**
   * Where the store says that this journal's chain stands. After a power loss the store may be ahead of an unsynced disk;
   * then the chain goes on from there instead of forking. A store that cannot be asked is not waited for.
   */
  readonly storeTip?: ((chain: ChainId) => Promise<ChainTip | null>) | undefined;
}

/** A recorder on a local journal, with what feeder, heads and metrics need of it. */
export interface LocalRecorder extends Recorder {
  readonly chain: ChainId;
  readonly journal: Journal;
  /** The last entry that is written. */
  readonly tip: ChainTip;
  /** Signs where the chain stands and journals it. `others` are all chains that are known. */
  signHead(others: readonly ChainPoint[]): SignedHead;
  /** Calls after each write with something new. */
  onWritten(listener: () => void): void;
  status(): {
    readonly healthy: boolean;
    readonly error: HoopError | null;
    readonly refused: number;
    readonly unrecorded: number;
  };
}

/**
 * Opens the journal, proves what is in it, and records behind it.
 *
 * @example const recorder = await createRecorder({ folder, keys: await vault.keyRing("recording"), signer: await vault.signingKey("audit"), gateway: "gw-1" });
 */
export async function createRecorder(options: RecorderOptions): Promise<LocalRecorder> {
  const journal = await Journal.open({ ...options, newChain: () => chainId(randomUUID()) });
  const ahead = await options.storeTip?.(journal.chain).catch(() => null);
  if (ahead && ahead.seq > journal.tip.seq) journal.continueFrom(ahead);
  const recorder = new JournalRecorder(options, journal);
  try {
    recorder.begin();
    await recorder.flush();
  } catch (error) {
    if (options.onFull !== "count") {
      await recorder.close();
      throw error;
    }
  }
  return recorder;
}
