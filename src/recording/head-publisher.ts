import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ChainId, HoopError } from "../vocabulary/index.js";
import { hoopErrorFrom } from "../vocabulary/index.js";
import type { ChainTip } from "./entry.js";
import type { ChainPoint, SignedHead } from "./head.js";

/** What signs heads: a recorder of either kind. */
export interface HeadSource {
  readonly chain: ChainId;
  readonly tip: ChainTip;
  signHead(others: readonly ChainPoint[]): SignedHead;
}

export interface HeadPublisherOptions {
  readonly recorder: HeadSource;
  /** Every chain that the store knows; while it cannot be asked, the last answer counts. */
  readonly chains: () => Promise<readonly ChainPoint[]>;
  /** HOOP_HEADS_DIR: a folder beyond the reach of who could alter the store; a file a chain and day is appended to. */
  readonly folder?: string | undefined;
  readonly intervalMs?: number | undefined;
  readonly now?: (() => number) | undefined;
  readonly onError?: ((error: HoopError) => void) | undefined;
}

export interface HeadPublisher {
  /** Signs and exports a head now. */
  publish(): Promise<SignedHead>;
  /** Signs a last head. */
  stop(): Promise<void>;
}

const quietMs = 3600_000;

/** Signs where the chain stands each minute in which it grew, each hour in which it did not, and at the end. */
export function createHeadPublisher(options: HeadPublisherOptions): HeadPublisher {
  const now = options.now ?? Date.now;
  let known: readonly ChainPoint[] = [];
  let last = { seq: -1, at: 0, chains: 0 };

  async function publish(): Promise<SignedHead> {
    known = await options.chains().catch((error: unknown) => {
      options.onError?.(hoopErrorFrom(error, "the list of chains could not be read"));
      return known;
    });
    const head = options.recorder.signHead(known);
    last = { seq: options.recorder.tip.seq, at: now(), chains: known.length };
    if (options.folder !== undefined) {
      try {
        appendHead(options.folder, options.recorder.chain, new Date(now()), head);
      } catch (error) {
        options.onError?.(hoopErrorFrom(error, `the signed head could not be written to ${options.folder}`));
      }
    }
    return head;
  }

  const timer = setInterval(() => {
    if (options.recorder.tip.seq === last.seq && now() - last.at < quietMs) return;
    publish().catch((error: unknown) => options.onError?.(hoopErrorFrom(error, "the head could not be signed")));
  }, options.intervalMs ?? 60_000);
  timer.unref();

  return {
    publish,
    async stop() {
      clearInterval(timer);
      await publish();
    },
  };
}

function appendHead(folder: string, chain: ChainId, day: Date, head: SignedHead): void {
  mkdirSync(join(folder, chain), { recursive: true });
  const fd = openSync(join(folder, chain, `${day.toISOString().slice(0, 10)}.jsonl`), "a", 0o644);
  try {
    writeSync(fd, `${JSON.stringify({ type: "head", ...head })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
