import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type ChainId, chainId, HoopError, hoopErrorFrom, type SessionId } from "../vocabulary/index.js";
import { ChainWriter, type EntrySink } from "./chain-writer.js";
import type { ChainTip, OwnDraft, Payloads } from "./entry.js";
import { type ChainPoint, createHeadSigning, type SignedHead } from "./head.js";
import { type HeavyPart, heavyParts } from "./heavy-parts.js";
import { FrameBatch, recordTypes } from "./journal/frame.js";
import { Journal } from "./journal/journal.js";
import type { HeadSigner, RecordingKeys } from "./keys.js";
import { type LargePayload, writeLargePayload } from "./large-payload.js";
import type { EntryDraft, Recorder } from "./recorder.js";
import { PayloadSealer } from "./sealer.js";

type Done = (error: HoopError | null) => void;

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

/** A turn's batch that grows beyond this is written at once; its callers are still answered at the turn's end. */
const writeThrough = 4 << 20;
/** How long the end of a statement may wait for a write that it can share; nobody waits for it. */
const lazyMs = 5;
/** Large statements that wait to be sealed, in bytes, before further ones are refused. */
const maxHeavyBytes = 2 ** 30;

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

class JournalRecorder implements LocalRecorder {
  readonly journal: Journal;
  readonly chain: ChainId;
  readonly #options: RecorderOptions;
  readonly #now: () => number;
  readonly #sealer: PayloadSealer;
  readonly #writer: ChainWriter;
  readonly #sign: ReturnType<typeof createHeadSigning>;
  readonly #batch = new FrameBatch();
  readonly #sink: EntrySink;
  #batchAsides: string[] = [];
  #listeners: (() => void)[] = [];

  /** Of this turn, in order; `null` was a draft nobody waits for. */
  #waiting: (Done | null)[] = [];
  /** Written already in this turn, because the batch grew large. */
  #written: (Done | null)[] = [];
  /** Written, waiting for the disk; only in sync mode. */
  #unsynced: (Done | null)[] = [];
  #syncing = false;
  #rejected: { readonly done: Done; readonly error: HoopError | null }[] = [];
  #scheduled = false;
  #lazy: NodeJS.Timeout | null = null;

  #error: HoopError | null = null;
  #gap: { refused: number; unrecorded: number; from: number } | null = null;
  #retry: NodeJS.Timeout | null = null;
  #totals = { refused: 0, unrecorded: 0 };

  /** Sessions with a large draft under way: their later drafts wait for it, so that a session's order stays. */
  readonly #held = new Map<SessionId, { readonly draft: EntryDraft; readonly done: Done | undefined }[]>();
  #heavyBytes = 0;
  #heavy: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: RecorderOptions, journal: Journal) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.journal = journal;
    this.chain = journal.chain;
    this.#sealer = new PayloadSealer(options.keys);
    this.#writer = new ChainWriter(journal.chain, journal.tip, this.#sealer, this.#now);
    this.#sign = createHeadSigning(options.signer);
    const hashBytes = Buffer.alloc(32);
    const payloadHead = Buffer.alloc(40);
    this.#sink = {
      payload: (_seq, hash, bytes, sealed) => {
        payloadHead.write(hash, 0, "hex");
        // Its upper half stays 0: longer content is not in here.
        payloadHead.writeUInt32BE(bytes, 36);
        this.#batch.add(recordTypes.payload, payloadHead, sealed);
      },
      entry: (_seq, hash, body) => {
        hashBytes.write(hash, 0, "hex");
        this.#batch.add(recordTypes.entry, hashBytes, body);
      },
    };
  }

  get tip(): ChainTip {
    return this.journal.tip;
  }

  begin(): void {
    this.#add({ kind: "chain-opened", gateway: this.#options.gateway }, null, {});
  }

  append(draft: EntryDraft, done?: Done): void {
    if (this.#closed) {
      this.#failed(new HoopError("unavailable", "the recorder is closed"), done);
      return;
    }
    const session = "session" in draft ? draft.session : null;
    const queue = session === null ? undefined : this.#held.get(session);
    if (queue !== undefined) {
      queue.push({ draft, done });
      return;
    }
    const heavy = heavyParts(draft);
    if (heavy.length > 0) this.#appendHeavy(draft, heavy, done);
    else this.#add(draft, done ?? null, {});
  }

  async flush(): Promise<void> {
    // What waited behind a large draft may be large itself.
    for (let heavy: Promise<void> | null = null; heavy !== this.#heavy; ) {
      heavy = this.#heavy;
      await heavy;
    }
    if (this.#error !== null) throw this.#error;
    return new Promise((resolve, reject) => {
      this.#waiting.push((error) => (error === null ? resolve() : reject(error)));
      this.#schedule();
    });
  }

  healthy(): boolean {
    return this.#error === null && !this.#closed;
  }

  status() {
    return { healthy: this.healthy(), error: this.#error, ...this.#totals };
  }

  onWritten(listener: () => void): void {
    this.#listeners.push(listener);
  }

  signHead(others: readonly ChainPoint[]): SignedHead {
    this.#writeBatch();
    const own = { chain: this.chain, ...this.tip };
    const head = this.#sign(own, [own, ...others.filter((other) => other.chain !== this.chain)], this.#now());
    this.#batch.add(recordTypes.head, Buffer.from(head.signature, "base64"), head.body);
    this.#schedule();
    return head;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.flush().catch(() => {});
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#lazy !== null) clearTimeout(this.#lazy);
    this.journal.close();
  }

  #add(draft: EntryDraft | OwnDraft, done: Done | null, ready: Payloads): void {
    if (this.#error !== null) {
      this.#failed(this.#error, done ?? undefined);
      return;
    }
    try {
      this.#writer.write(draft, this.#sink, ready);
    } catch (error) {
      // Half an entry may be in the batch already: everything of this turn goes back.
      this.#waiting.push(done);
      this.#failBatch(hoopErrorFrom(error, "the entry could not be recorded"), false);
      return;
    }
    this.#waiting.push(done);
    if (this.#batch.length > writeThrough) this.#writeBatch();
    if (done === null && draft.kind === "statement-finished") this.#scheduleLazily();
    else this.#schedule();
  }

  #appendHeavy(draft: EntryDraft, parts: readonly HeavyPart[], done: Done | undefined): void {
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    if (this.#heavyBytes + bytes > maxHeavyBytes) {
      this.#failed(new HoopError("limited", "too many large statements are being recorded at once; try again"), done);
      return;
    }
    const session = "session" in draft ? draft.session : null;
    if (session !== null) this.#held.set(session, []);
    this.#heavyBytes += bytes;
    this.#heavy = this.#heavy.then(async () => {
      const files: { readonly name: HeavyPart["name"]; readonly large: LargePayload }[] = [];
      try {
        for (const part of parts) files.push({ name: part.name, large: await this.#sealPart(part) });
        this.#addHeavy(draft, done ?? null, files);
      } catch (error) {
        for (const { large } of files) this.journal.dropAside(large.hash);
        this.#failed(hoopErrorFrom(error, "a large statement could not be recorded"), done);
      } finally {
        this.#heavyBytes -= bytes;
        if (session !== null) this.#letGo(session);
      }
    });
  }

  async #sealPart(part: HeavyPart): Promise<LargePayload> {
    if (this.#error !== null) throw this.#error;
    this.journal.reserve(part.bytes);
    try {
      const folder = join(this.journal.folder, "aside");
      const large = await writeLargePayload({
        sealer: this.#sealer,
        pieces: part.pieces,
        folder,
        sync: this.#options.sync ?? false,
      });
      this.journal.reserve(large.fileBytes);
      return large;
    } catch (error) {
      throw spaceError(error);
    } finally {
      this.journal.unreserve(part.bytes);
    }
  }

  /** Names the files and adds the entry in one go: no write comes between. */
  #addHeavy(
    draft: EntryDraft,
    done: Done | null,
    files: readonly { readonly name: HeavyPart["name"]; readonly large: LargePayload }[],
  ): void {
    if (this.#error !== null) throw this.#error;
    const ready: { -readonly [Name in keyof Payloads]: Payloads[Name] } = {};
    for (const { name, large } of files) {
      const head = Buffer.alloc(40);
      head.write(large.hash, 0, "hex");
      head.writeBigUInt64BE(BigInt(large.bytes), 32);
      this.#batch.add(recordTypes.aside, head, "");
      this.#batchAsides.push(large.hash);
      ready[name] = { payload: large.hash, bytes: large.bytes };
    }
    this.#add(draft, done, ready);
  }

  #letGo(session: SessionId): void {
    const queue = this.#held.get(session) ?? [];
    this.#held.delete(session);
    for (const [index, { draft, done }] of queue.entries()) {
      this.append(draft, done);
      const again = this.#held.get(session);
      if (again === undefined) continue;
      // Another large one: the rest waits for that.
      again.push(...queue.slice(index + 1));
      return;
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #scheduleLazily(): void {
    if (this.#scheduled || this.#lazy !== null) return;
    this.#lazy = setTimeout(() => {
      this.#lazy = null;
      if (!this.#scheduled) this.#turn();
    }, lazyMs);
    this.#lazy.unref();
  }

  #turn(): void {
    this.#scheduled = false;
    this.#writeBatch();
    const rejected = this.#rejected;
    this.#rejected = [];
    for (const { done, error } of rejected) call(done, error);
    if (this.#written.length === 0) return;
    if (this.#options.sync) {
      this.#unsynced.push(...this.#written);
      this.#written = [];
      this.#syncNext();
    } else {
      const written = this.#written;
      this.#written = [];
      for (const done of written) if (done !== null) call(done, null);
    }
  }

  /** Gives the whole batch to the journal: all of it is written, or nothing. */
  #writeBatch(): void {
    if (this.#batch.length > 0) {
      const { segment } = this.journal.end;
      try {
        this.journal.write(this.#batch.bytes, this.#writer.tip, this.#batchAsides);
      } catch (error) {
        this.#failBatch(error as HoopError, true);
        return;
      }
      this.#clearBatch();
      // Old segments are deleted; what is in the new one should be readable without them.
      if (this.journal.end.segment !== segment) this.#writer.describeAnew();
      for (const listener of this.#listeners) listener();
    }
    if (this.#waiting.length > 0) {
      if (this.#written.length === 0) this.#written = this.#waiting;
      else this.#written.push(...this.#waiting);
      this.#waiting = [];
    }
  }

  #clearBatch(): void {
    this.#batch.clear();
    this.#batchAsides = [];
  }

  #failBatch(error: HoopError, lasting: boolean): void {
    this.#clearBatch();
    this.#writer.goBack(this.journal.tip);
    const waiting = this.#waiting;
    this.#waiting = [];
    if (lasting) this.#fail(error);
    for (const done of waiting) this.#failed(error, done ?? undefined);
  }

  #fail(error: HoopError): void {
    this.#error = error;
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#tryAgain();
    }, this.#options.retryMs ?? 1_000);
    this.#retry.unref();
  }

  /** The proof that there is room again is an entry about what is missing. */
  #tryAgain(): void {
    if (this.#closed) return;
    if (this.#error === null) {
      this.#writeBatch();
      if (this.#gap === null || this.#error !== null) return;
      const gap = this.#gap;
      this.#gap = null;
      this.#add({ kind: "gap", ...gap, until: this.#now(), because: "single entries could not be recorded" }, null, {});
      return;
    }
    this.journal.trim(true);
    const gap = this.#gap ?? { refused: 0, unrecorded: 0, from: this.#now() };
    const because = this.#error?.message ?? "";
    this.#writer.goBack(this.journal.tip);
    this.#writer.write({ kind: "gap", ...gap, until: this.#now(), because }, this.#sink);
    try {
      this.journal.write(this.#batch.bytes, this.#writer.tip, []);
    } catch (error) {
      this.#clearBatch();
      this.#writer.goBack(this.journal.tip);
      this.#error = error as HoopError;
      this.#retryLater();
      return;
    }
    this.#clearBatch();
    this.#error = null;
    this.#gap = null;
    for (const listener of this.#listeners) listener();
  }

  /** One draft that was not written: who waits for it is told; what nobody waits for is counted. */
  #failed(error: HoopError, done: Done | undefined): void {
    const counts = this.#options.onFull === "count" && !this.#closed && error.code === "unavailable";
    this.#gap ??= { refused: 0, unrecorded: 0, from: this.#now() };
    const what = done === undefined || counts ? "unrecorded" : "refused";
    this.#gap[what] += 1;
    this.#totals[what] += 1;
    if (!this.#closed) this.#retryLater();
    if (done === undefined) return;
    this.#rejected.push({ done, error: counts ? null : error });
    this.#schedule();
  }

  #syncNext(): void {
    if (this.#syncing || this.#unsynced.length === 0) return;
    this.#syncing = true;
    const covered = this.#unsynced;
    this.#unsynced = [];
    this.journal.syncNow((error) => {
      this.#syncing = false;
      if (error !== null) this.#fail(error);
      for (const done of covered) if (done !== null) call(done, error);
      this.#syncNext();
    });
  }
}

/** One caller's mistake must not keep the others from their answer. */
function call(done: Done, error: HoopError | null): void {
  try {
    done(error);
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}

function spaceError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOSPC" || code === "EDQUOT"
    ? new HoopError("unavailable", "the large statement cannot be recorded: the journal's disk is full", {
        cause: error,
      })
    : error;
}
