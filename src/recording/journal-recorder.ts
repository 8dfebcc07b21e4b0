import { type ChainId, HoopError, hoopErrorFrom } from "../vocabulary/index.js";
import { ChainWriter, type EntrySink } from "./chain-writer.js";
import type { LocalRecorder, RecorderOptions } from "./create-recorder.js";
import type { ChainTip, OwnDraft, Payloads } from "./entry.js";
import { type ChainPoint, createHeadSigning, type SignedHead } from "./head.js";
import { HeavyDrafts, type HeavyFile } from "./heavy-drafts.js";
import { FrameBatch, recordTypes } from "./journal/frame.js";
import type { Journal } from "./journal/journal.js";
import type { EntryDraft } from "./recorder.js";
import { PayloadSealer } from "./sealer.js";

type Done = (error: HoopError | null) => void;

/** A turn's batch that grows beyond this is written at once; its callers are still answered at the turn's end. */
const writeThrough = 4 << 20;
/** How long the end of a statement may wait for a write that it can share; nobody waits for it. */
const lazyMs = 5;
/** Statements that may wait for one write, unless said otherwise. A write costs about as much as recording one. */
const answeredAtOnce = 8;
const none: Payloads = {};
const nothing = Buffer.alloc(0);

/** Records behind a journal: entries of a turn share few writes, and each is answered after its own. */
export class JournalRecorder implements LocalRecorder {
  readonly journal: Journal;
  readonly chain: ChainId;
  readonly #options: RecorderOptions;
  readonly #now: () => number;
  readonly #sealer: PayloadSealer;
  readonly #writer: ChainWriter;
  readonly #sign: ReturnType<typeof createHeadSigning>;
  readonly #heavy: HeavyDrafts;
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
  /** Of those, who wait for an answer. */
  #asking = 0;
  readonly #group: number;
  #scheduled = false;
  #lazy: NodeJS.Timeout | null = null;

  #error: HoopError | null = null;
  #gap: { refused: number; unrecorded: number; from: number } | null = null;
  #retry: NodeJS.Timeout | null = null;
  #totals = { refused: 0, unrecorded: 0 };

  #closed = false;

  constructor(options: RecorderOptions, journal: Journal) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#group = options.group ?? answeredAtOnce;
    this.journal = journal;
    this.chain = journal.chain;
    this.#sealer = new PayloadSealer(options.keys);
    this.#writer = new ChainWriter(journal.chain, journal.tip, this.#sealer, this.#now);
    this.#sign = createHeadSigning(options.signer);
    this.#sink = {
      payload: (_seq, hash, bytes, sealed) => this.#batch.addPayload(hash, bytes, sealed),
      entry: (_seq, hash, body) => this.#batch.addEntry(hash, body),
    };
    this.#heavy = new HeavyDrafts({
      journal,
      sealer: this.#sealer,
      sync: options.sync ?? false,
      error: () => this.#error,
      add: (draft, done, files) => this.#addHeavy(draft, done, files),
      append: (draft, done) => this.append(draft, done),
      failed: (error, done) => this.#failed(error, done),
    });
  }

  get tip(): ChainTip {
    return this.journal.tip;
  }

  begin(): void {
    this.#add({ kind: "chain-opened", gateway: this.#options.gateway }, null, none);
  }

  append(draft: EntryDraft, done?: Done): void {
    if (this.#closed) {
      this.#failed(new HoopError("unavailable", "the recorder is closed"), done);
      return;
    }
    if (this.#heavy.take(draft, done)) return;
    if (this.#asking >= this.#group) this.#answerGroup();
    this.#add(draft, done ?? null, none);
  }

  async flush(): Promise<void> {
    await this.#heavy.settled();
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
    this.#batch.add(recordTypes.head, Buffer.from(head.signature, "base64"), Buffer.from(head.body));
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
    if (done !== null) this.#asking++;
    if (this.#batch.length > writeThrough) this.#writeBatch();
    if (done === null && draft.kind === "statement-finished") this.#scheduleLazily();
    else this.#schedule();
  }

  /** Names the files and adds the entry in one go: no write comes between. */
  #addHeavy(draft: EntryDraft, done: Done | null, files: readonly HeavyFile[]): void {
    if (this.#error !== null) throw this.#error;
    const ready: { -readonly [Name in keyof Payloads]: Payloads[Name] } = {};
    for (const { name, large } of files) {
      const head = Buffer.alloc(40);
      head.write(large.hash, 0, "hex");
      head.writeBigUInt64BE(BigInt(large.bytes), 32);
      this.#batch.add(recordTypes.aside, head, nothing);
      this.#batchAsides.push(large.hash);
      ready[name] = { payload: large.hash, bytes: large.bytes };
    }
    this.#add(draft, done, ready);
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

  /** Writes and answers what has gathered, in the middle of a turn: those who wait for it need not wait for the whole turn. */
  #answerGroup(): void {
    this.#settle();
    this.#options.onGroup?.();
  }

  #turn(): void {
    this.#scheduled = false;
    this.#settle();
  }

  #settle(): void {
    this.#asking = 0;
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
      this.#add(
        { kind: "gap", ...gap, until: this.#now(), because: "single entries could not be recorded" },
        null,
        none,
      );
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
