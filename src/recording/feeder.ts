import { type ChainId, HoopError, hoopErrorFrom } from "../vocabulary/index.js";
import type { LocalRecorder } from "./create-recorder.js";
import { createFeeding, type FedTip, type Feeding } from "./feeding.js";
import type { Cursor } from "./journal/journal.js";
import type { RecordingStore } from "./store.js";

export interface FeederOptions {
  readonly recorder: LocalRecorder;
  readonly store: Pick<RecordingStore, "tip" | "append" | "putLarge">;
  /** Does the work, closed with the feeder; this thread unless given. */
  readonly feeding?: Feeding | undefined;
  /** How long new entries may gather before they are handed over. */
  readonly intervalMs?: number | undefined;
  /** The longest wait between two attempts while the store is away. */
  readonly maxRetryMs?: number | undefined;
  /** Told of each failed attempt, for the log. */
  readonly onError?: ((error: HoopError) => void) | undefined;
}

export interface Feeder {
  /** Everything journalled before the call is in the store. Rejects when `signal` aborts first. */
  drain(signal: AbortSignal): Promise<void>;
  status(): { readonly fed: number; readonly behind: number; readonly error: HoopError | null };
  /** Ends after the attempt under way; what is left is fed at the next start. */
  stop(): Promise<void>;
}

/** How long new entries gather unless said otherwise. */
const gatherMs = 1_000;
/** While little waits, feeding rests this many times as long as it worked: statements come first. */
const restFactor = 9;
const longestRestMs = 1_000;
/** With this many entries waiting, it does not rest at all. */
const farBehind = 100_000;

/**
 * Hands the journal to the store, behind the recorder: in order, at least once, from where the store says it stands.
 * While the store is away nothing is lost: the journal keeps what was not taken.
 */
export function createFeeder(options: FeederOptions): Feeder {
  const feeder = new JournalFeeder(options);
  feeder.start();
  return feeder;
}

class JournalFeeder implements Feeder {
  readonly #recorder: LocalRecorder;
  readonly #store: FeederOptions["store"];
  readonly #feeding: Feeding;
  readonly #chain: ChainId;
  readonly #options: FeederOptions;
  #cursor: Cursor | null = null;
  /** The last entry that the store has. */
  #fed: FedTip = { seq: 0, hash: null };
  #error: HoopError | null = null;
  #failures = 0;
  #stopped = false;
  /** The last batch was a full one. */
  #more = false;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #drains: { readonly end: Cursor; readonly resolve: () => void }[] = [];

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#recorder = options.recorder;
    this.#store = options.store;
    this.#chain = options.recorder.chain;
    this.#feeding =
      options.feeding ??
      createFeeding({ chain: this.#chain, folder: options.recorder.journal.folder, store: options.store });
  }

  start(): void {
    this.#recorder.onWritten(() => {
      if (this.#error === null) this.#wake(this.#intervalMs);
    });
    this.#wake(0);
  }

  async drain(signal: AbortSignal): Promise<void> {
    // What cannot be written now is not waited for.
    await this.#recorder.flush().catch(() => {});
    const end = this.#recorder.journal.end;
    if (this.#reached(end)) return;
    await new Promise<void>((resolve, reject) => {
      const waiting = { end, resolve: () => {} };
      const abort = () => {
        this.#drains = this.#drains.filter((other) => other !== waiting);
        reject(
          new HoopError("timeout", "the store does not have everything yet; what it lacks stays in the journal", {
            cause: this.#error ?? signal.reason,
          }),
        );
      };
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      waiting.resolve = () => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      this.#drains.push(waiting);
      this.#wake(0);
    });
  }

  #reached(end: Cursor): boolean {
    const at = this.#cursor;
    return at !== null && (at.segment > end.segment || (at.segment === end.segment && at.offset >= end.offset));
  }

  status() {
    return { fed: this.#fed.seq, behind: this.#recorder.tip.seq - this.#fed.seq, error: this.#error };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
    await this.#feeding.close();
  }

  #wake(afterMs: number): void {
    if (this.#stopped || this.#running !== null) return;
    if (this.#timer !== null) {
      if (afterMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const began = performance.now();
      this.#running = this.#run().finally(() => {
        this.#running = null;
        if (this.#error !== null) this.#wake(this.#retryMs());
        else if (!this.#reached(this.#recorder.journal.end)) this.#wake(this.#restMs(performance.now() - began));
      });
    }, afterMs);
    // Who waits for the store keeps the process alive, and nobody else.
    if (this.#drains.length === 0) this.#timer.unref();
  }

  get #intervalMs(): number {
    return this.#options.intervalMs ?? gatherMs;
  }

  /** Between two batches. Who waits for the store to have everything does not wait for this. */
  #restMs(workedMs: number): number {
    if (this.#drains.length > 0) return 0;
    const behind = this.#recorder.tip.seq - this.#fed.seq;
    const rest = workedMs * restFactor * Math.max(0, 1 - behind / farBehind);
    return this.#more ? Math.min(rest, longestRestMs) : Math.max(rest, this.#intervalMs);
  }

  #retryMs(): number {
    const step = Math.min(100 * 2 ** Math.min(this.#failures, 10), this.#options.maxRetryMs ?? 5_000);
    // Replicas that lost the same store must not come back in step.
    return step * (0.5 + Math.random() / 2);
  }

  async #run(): Promise<void> {
    try {
      this.#cursor ??= await this.#begin();
      this.#more = await this.#step();
      this.#error = null;
      this.#failures = 0;
    } catch (error) {
      this.#error = hoopErrorFrom(error, "the store did not take the recording");
      this.#failures += 1;
      // Where the store stands is asked again: an attempt that failed may have arrived.
      this.#cursor = null;
      this.#options.onError?.(this.#error);
    }
  }

  async #begin(): Promise<Cursor> {
    const tip = await this.#store.tip(this.#chain);
    const own = this.#recorder.tip;
    if (tip !== null && tip.seq > own.seq) {
      throw new HoopError(
        "conflict",
        `the store has entry ${tip.seq} of chain ${this.#chain}, the journal ends at ${own.seq}`,
        {
          hint: "the journal was put back to an older state; give the gateway an empty journal folder",
        },
      );
    }
    this.#fed = { seq: tip?.seq ?? 0, hash: tip?.hash ?? null };
    this.#feeding.begin();
    const cursor = this.#recorder.journal.cursorAfter(this.#fed.seq);
    if (cursor === null) {
      throw new HoopError(
        "conflict",
        `the store ends at entry ${this.#fed.seq} of chain ${this.#chain}, and the journal no longer has what follows`,
        {
          hint: "the store was put back to an older state; the missing entries can come from its newer backup only",
        },
      );
    }
    return cursor;
  }

  /** One batch. Returns whether there was more than fits into one. */
  async #step(): Promise<boolean> {
    const { journal } = this.#recorder;
    const before = this.#cursor!;
    const stretch = journal.stretchAt(before);
    if (stretch === null) {
      this.#cursor = journal.following(before);
    } else {
      const { fed, offset } = await this.#feeding.feed(stretch, this.#fed);
      if (fed.seq > this.#fed.seq) journal.release(fed.seq);
      this.#fed = fed;
      this.#cursor = { segment: before.segment, offset };
    }
    const done = this.#drains.filter((drain) => this.#reached(drain.end));
    this.#drains = this.#drains.filter((drain) => !this.#reached(drain.end));
    for (const drain of done) drain.resolve();
    return stretch !== null && !this.#reached(journal.end);
  }
}
