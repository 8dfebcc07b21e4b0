import { hash } from "node:crypto";
import type { Analysis, ChainId } from "../vocabulary/index.js";
import {
  analysisLimit,
  type ChainTip,
  describedAnalysis,
  entryBody,
  type OwnDraft,
  type PayloadRef,
  type Payloads,
  shownLimit,
} from "./entry.js";
import type { EntryDraft } from "./recorder.js";
import type { PayloadSealer, SealedSmall } from "./sealer.js";

/** Takes what an entry consists of; payloads come before the entry that refers to them. Bytes are views, valid during the call. */
export interface EntrySink {
  /** `seq` is the entry's that will refer to it. */
  payload(seq: number, hash: string, bytes: number, sealed: Buffer): void;
  entry(seq: number, hash: string, body: Buffer): void;
}

/** The writer keeps no more memory than this between two entries. */
const keptBytes = 64 << 10;

/** Analyses that need not be described again; past this many, all are. */
const maxDescribed = 4_096;

/** Gives each draft its place: seals its payloads, links it to the one before, hashes it. */
export class ChainWriter {
  readonly chain: ChainId;
  readonly #sealer: PayloadSealer;
  readonly #now: () => number;
  #tip: ChainTip;
  /** Hashes of analyses that entries of this run describe. */
  readonly #described = new Set<string>();
  #body = Buffer.allocUnsafe(keptBytes);

  constructor(chain: ChainId, tip: ChainTip, sealer: PayloadSealer, now: () => number) {
    this.chain = chain;
    this.#tip = tip;
    this.#sealer = sealer;
    this.#now = now;
  }

  get tip(): ChainTip {
    return this.#tip;
  }

  /** Takes back what was not written. */
  goBack(tip: ChainTip): void {
    this.#tip = tip;
    this.describeAnew();
  }

  /** From here on analyses are described again, so that what follows can be read without what came before. */
  describeAnew(): void {
    this.#described.clear();
  }

  /** `ready` are payloads that were sealed before, because they are large. */
  write(draft: EntryDraft | OwnDraft, sink: EntrySink, ready: Payloads = {}): void {
    if (draft.kind === "statement" && draft.analysis !== null) this.#describe(draft.analysis, sink);
    this.#add(draft, sink, this.#seal(draft, sink, ready));
  }

  #add(draft: EntryDraft | OwnDraft, sink: EntrySink, payloads: Payloads): void {
    const seq = this.#tip.seq + 1;
    const body = this.#bytesOf(entryBody(this.chain, seq, this.#tip.hash, this.#now(), draft, payloads));
    const digest = hash("sha256", body, "hex");
    sink.entry(seq, digest, body);
    this.#tip = { seq, hash: digest };
  }

  /** Made once, to be hashed and written: a view of memory that the next entry takes. */
  #bytesOf(text: string): Buffer {
    // UTF-8 takes at most three bytes for a unit of a string.
    const bound = text.length * 3;
    if (bound > this.#body.length || this.#body.length > keptBytes)
      this.#body = Buffer.allocUnsafe(Math.max(bound, keptBytes));
    return this.#body.subarray(0, this.#body.write(text, 0, "utf8"));
  }

  /** An analysis is said once, before the first statement that refers to it. */
  #describe(analysis: Analysis, sink: EntrySink): void {
    const described = describedAnalysis(analysis);
    if (this.#described.has(described.hash) || described.text.length > analysisLimit) return;
    if (this.#described.size >= maxDescribed) this.#described.clear();
    this.#described.add(described.hash);
    this.#add({ kind: "analysis", described }, sink, none);
  }

  #seal(draft: EntryDraft | OwnDraft, sink: EntrySink, ready: Payloads): Payloads {
    if (draft.kind === "statement") {
      const whole = draft.shown === draft.text && draft.text.length <= shownLimit;
      const text = ready.text ?? (whole ? undefined : this.#apart(Buffer.from(draft.text), sink));
      const values =
        ready.values ?? (draft.values === null ? undefined : this.#put(this.#sealer.sealValues(draft.values), sink));
      const described = draft.analysis === null ? "" : describedAnalysis(draft.analysis).text;
      const analysis = described.length > analysisLimit ? this.#apart(Buffer.from(described), sink) : undefined;
      return { text, values, analysis };
    }
    if (draft.kind === "screen") return { text: ready.text ?? this.#apart(Buffer.from(draft.text), sink) };
    if (draft.kind === "statement-finished" && draft.error !== undefined)
      return { error: ready.error ?? this.#apart(Buffer.from(draft.error.text), sink) };
    return none;
  }

  #apart(content: Buffer, sink: EntrySink): PayloadRef {
    return this.#put(this.#sealer.seal(content), sink);
  }

  #put({ hash: payload, bytes, sealed }: SealedSmall, sink: EntrySink): PayloadRef {
    sink.payload(this.#tip.seq + 1, payload, bytes, sealed);
    return { payload, bytes };
  }
}

const none: Payloads = {};
