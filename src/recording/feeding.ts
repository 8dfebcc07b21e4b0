import { setImmediate as turn } from "node:timers/promises";
import { type ChainId, HoopError } from "../vocabulary/index.js";
import type { SignedHead } from "./head.js";
import { type Frame, recordTypes } from "./journal/frame.js";
import { asidePath } from "./journal/segment-file.js";
import { readStretch, type Stretch } from "./journal/stretch.js";
import { readLargePayload } from "./large-payload.js";
import { type NewEntry, newEntry } from "./new-entry.js";
import type { NewPayload, RecordingStore, StoredPayload } from "./store.js";

/** The last entry that the store has. */
export interface FedTip {
  readonly seq: number;
  /** Null: the store has none of this chain. */
  readonly hash: string | null;
}

/** What one step of feeding came to. */
export interface FedStep {
  readonly fed: FedTip;
  /** Behind the records that were handed over, in the file of the stretch. */
  readonly offset: number;
}

/** Hands records of a journal to a store, one stretch after the other. The feeder has the pace, this has the work. */
export interface Feeding {
  /** What was read of an entry that had not come yet is forgotten: the next stretch begins behind what the store has. */
  begin(): void;
  /** One at a time. Throws what the store throws, and HoopError `conflict` where the two tell different stories. */
  feed(stretch: Stretch, fed: FedTip): Promise<FedStep>;
  close(): Promise<void>;
}

export interface FeedingOptions {
  readonly chain: ChainId;
  /** The journal's folder. */
  readonly folder: string;
  readonly store: Pick<RecordingStore, "append" | "putLarge">;
}

/** Entries read between two turns of the event loop. */
const readAtOnce = 256;

/** Feeds in this thread. */
export function createFeeding(options: FeedingOptions): Feeding {
  return new StoreFeeding(options);
}

class StoreFeeding implements Feeding {
  readonly #options: FeedingOptions;
  /** Read already, of an entry that comes next. */
  #payloads: StoredPayload[] = [];
  #asides: { readonly hash: string; readonly bytes: number }[] = [];

  constructor(options: FeedingOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#payloads = [];
    this.#asides = [];
  }

  async feed(stretch: Stretch, fed: FedTip): Promise<FedStep> {
    const { frames, offset } = await readStretch(stretch);
    return { fed: await this.#hand(frames, fed), offset };
  }

  async close(): Promise<void> {}

  async #hand(frames: readonly Frame[], fed: FedTip): Promise<FedTip> {
    const { chain, store } = this.#options;
    const entries: NewEntry[] = [];
    const heads: SignedHead[] = [];
    const payloads: NewPayload[] = [];
    for (const [index, { type, body }] of frames.entries()) {
      if (index % readAtOnce === readAtOnce - 1) await turn();
      if (type === recordTypes.payload) {
        this.#payloads.push({
          hash: body.toString("hex", 0, 32),
          bytes: Number(body.readBigUInt64BE(32)),
          sealed: body.subarray(40),
        });
      } else if (type === recordTypes.aside) {
        this.#asides.push({ hash: body.toString("hex", 0, 32), bytes: Number(body.readBigUInt64BE(32)) });
      } else if (type === recordTypes.head) {
        heads.push({ signature: body.toString("base64", 0, 64), body: body.toString("utf8", 64) });
      } else if (type === recordTypes.entry) {
        const entry = newEntry(body.toString("hex", 0, 32), body.subarray(32));
        if (entry.seq > fed.seq) {
          entries.push(entry);
          for (const payload of this.#payloads) payloads.push({ ...payload, seq: entry.seq });
          for (const aside of this.#asides) await this.#putLarge(aside.hash, aside.bytes);
        } else if (entry.seq === fed.seq && entry.hash !== fed.hash) {
          throw new HoopError(
            "conflict",
            `chain ${chain} has another entry ${entry.seq} in the store than in the journal`,
            {
              hint: "two gateways have written one chain, or one of both was altered; `hoop audit verify` tells more",
            },
          );
        }
        // What belongs to an entry that the store has is not sent again: retention may have deleted it.
        if (this.#payloads.length > 0) this.#payloads = [];
        if (this.#asides.length > 0) this.#asides = [];
      }
    }
    if (entries.length === 0 && heads.length === 0) return fed;
    await store.append({ chain, entries, payloads, heads });
    const last = entries.at(-1);
    return last === undefined ? fed : { seq: last.seq, hash: last.hash };
  }

  async #putLarge(hash: string, bytes: number): Promise<void> {
    const { head, chunks } = await readLargePayload(asidePath(this.#options.folder, hash));
    await this.#options.store.putLarge({ hash, bytes, sealed: head }, chunks);
  }
}
