import { randomUUID } from "node:crypto";
import { type ChainId, chainId, HoopError, hoopErrorFrom } from "../vocabulary/index.js";
import { ChainWriter, type EntrySink } from "./chain-writer.js";
import { type ChainTip, genesis, type OwnDraft } from "./entry.js";
import { type ChainPoint, createHeadSigning, type SignedHead } from "./head.js";
import type { HeadSigner, RecordingKeys } from "./keys.js";
import { type NewEntry, newEntry } from "./new-entry.js";
import type { EntryDraft, Recorder } from "./recorder.js";
import { PayloadSealer } from "./sealer.js";
import type { NewPayload, RecordingBatch, RecordingStore } from "./store.js";

type Done = (error: HoopError | null) => void;

interface Waiting {
  readonly draft: EntryDraft | OwnDraft;
  readonly done: Done | null;
  readonly bytes: number;
}

export interface StoreRecorderOptions {
  readonly store: RecordingStore;
  readonly keys: RecordingKeys;
  readonly signer: HeadSigner;
  readonly gateway: string;
  readonly retryMs?: number | undefined;
  /** Drafts that may wait for the store before further ones are refused, in bytes of text and values. */
  readonly maxWaitingBytes?: number | undefined;
  readonly now?: (() => number) | undefined;
}

/** A recorder that commits to the store before it answers (`journal: store`), where the disk does not last. */
export interface StoreRecorder extends Recorder {
  readonly chain: ChainId;
  readonly tip: ChainTip;
  signHead(others: readonly ChainPoint[]): SignedHead;
}

/** One commit takes at most this many entries; what comes meanwhile gathers for the next. */
const maxBatch = 1_000;

/** Begins a chain of its own: what outlives this process is in the store already. */
export async function createStoreRecorder(options: StoreRecorderOptions): Promise<StoreRecorder> {
  const recorder = new CommittingRecorder(options);
  await recorder.begin();
  return recorder;
}

class CommittingRecorder implements StoreRecorder {
  readonly chain: ChainId = chainId(randomUUID());
  readonly #options: StoreRecorderOptions;
  readonly #writer: ChainWriter;
  readonly #sign: ReturnType<typeof createHeadSigning>;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #refused: { count: number; readonly from: number } | null = null;
  #waitingBytes = 0;
  #heads: SignedHead[] = [];
  #tip: ChainTip = genesis;
  #running = false;
  #error: HoopError | null = null;
  #retry: NodeJS.Timeout | null = null;
  #idle: (() => void)[] = [];
  #closed = false;

  constructor(options: StoreRecorderOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#writer = new ChainWriter(this.chain, genesis, new PayloadSealer(options.keys), this.#now);
    this.#sign = createHeadSigning(options.signer);
  }

  get tip(): ChainTip {
    return this.#tip;
  }

  begin(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        draft: { kind: "chain-opened", gateway: this.#options.gateway },
        done: (error) => (error === null ? resolve() : reject(error)),
        bytes: 0,
      });
      this.#schedule();
    });
  }

  append(draft: EntryDraft, done?: Done): void {
    const bytes = weight(draft);
    const refusal = this.#closed
      ? new HoopError("unavailable", "the recorder is closed")
      : this.#waitingBytes + bytes > (this.#options.maxWaitingBytes ?? 256 << 20)
        ? new HoopError("limited", "too much waits to be recorded; try again")
        : // Who waits for an answer gets the refusal now; what nobody waits for is kept for when the store is back.
          done !== undefined
          ? this.#error
          : null;
    if (refusal !== null) {
      this.#countRefused(1);
      setImmediate(() => done?.(refusal));
      return;
    }
    this.#waitingBytes += bytes;
    this.#waiting.push({ draft, done: done ?? null, bytes });
    this.#schedule();
  }

  flush(): Promise<void> {
    if (this.#error !== null) return Promise.reject(this.#error);
    if (this.#waiting.length === 0 && !this.#running) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#idle.push(() => (this.#error === null ? resolve() : reject(this.#error)));
      this.#schedule();
    });
  }

  healthy(): boolean {
    return this.#error === null && !this.#closed;
  }

  signHead(others: readonly ChainPoint[]): SignedHead {
    const own = { chain: this.chain, ...this.#tip };
    const head = this.#sign(own, [own, ...others.filter((other) => other.chain !== this.chain)], this.#now());
    this.#heads.push(head);
    this.#schedule();
    return head;
  }

  async close(): Promise<void> {
    await this.flush().catch(() => {});
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  #schedule(): void {
    if (this.#running || this.#error !== null) return;
    this.#running = true;
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#error === null && (this.#waiting.length > 0 || this.#heads.length > 0)) await this.#commit();
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #commit(): Promise<void> {
    const drafts = this.#waiting.splice(0, maxBatch);
    const heads = this.#heads.splice(0);
    const entries: NewEntry[] = [];
    const payloads: NewPayload[] = [];
    const sink: EntrySink = {
      payload: (seq, hash, bytes, sealed) => payloads.push({ seq, hash, bytes, sealed: Buffer.from(sealed) }),
      entry: (_seq, hash, body) => entries.push(newEntry(hash, Buffer.from(body))),
    };
    try {
      for (const { draft } of drafts) this.#writer.write(draft, sink);
      const batch: RecordingBatch = { chain: this.chain, entries, payloads, heads };
      await this.#options.store.append(batch);
      this.#tip = this.#writer.tip;
    } catch (error) {
      return this.#fail(hoopErrorFrom(error, "nothing can be recorded: the store is away"), drafts, heads);
    } finally {
      for (const { bytes } of drafts) this.#waitingBytes -= bytes;
    }
    for (const { done } of drafts) done?.(null);
  }

  #fail(cause: HoopError, drafts: readonly Waiting[], heads: SignedHead[]): void {
    const error = new HoopError("unavailable", "nothing can be recorded: the store did not take it", { cause });
    this.#error = error;
    this.#heads.unshift(...heads);
    // A session's end must not be lost because nobody waits for it.
    const kept = drafts.filter(({ done }) => done === null);
    const refused = [...drafts, ...this.#waiting].filter(({ done }) => done !== null);
    this.#waiting = [...kept, ...this.#waiting.filter(({ done }) => done === null)];
    this.#waitingBytes =
      this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0) + drafts.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#countRefused(refused.length);
    for (const { done } of refused) done?.(error);
    this.#retryLater();
  }

  #countRefused(count: number): void {
    if (count === 0) return;
    this.#refused ??= { count: 0, from: this.#now() };
    this.#refused.count += count;
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => void this.#tryAgain(), this.#options.retryMs ?? 1_000);
    this.#retry.unref();
  }

  /** Whether the commit that failed arrived after all, only the store knows. */
  async #tryAgain(): Promise<void> {
    try {
      this.#tip = (await this.#options.store.tip(this.chain)) ?? genesis;
      this.#writer.goBack(this.#tip);
      const because = this.#error?.message ?? "";
      this.#error = null;
      if (this.#refused !== null) {
        const { count, from } = this.#refused;
        this.#refused = null;
        this.#waiting.unshift({
          draft: { kind: "gap", refused: count, unrecorded: 0, from, until: this.#now(), because },
          done: null,
          bytes: 0,
        });
      }
      this.#schedule();
    } catch {
      this.#retryLater();
    }
  }
}

function weight(draft: EntryDraft): number {
  if (draft.kind === "statement")
    return draft.text.length + (draft.values ?? []).reduce((sum, value) => sum + (value?.length ?? 0), 0);
  if (draft.kind === "screen") return draft.text.length;
  return draft.kind === "statement-finished" ? (draft.error?.text.length ?? 0) : 0;
}
