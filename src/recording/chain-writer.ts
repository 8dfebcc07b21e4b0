import { hash } from "node:crypto";
import type { ChainId } from "../vocabulary/index.js";
import {
  analysisLimit,
  analysisText,
  type ChainTip,
  entryBody,
  type OwnDraft,
  type PayloadRef,
  type Payloads,
  shownLimit,
} from "./entry.js";
import type { EntryDraft } from "./recorder.js";
import type { PayloadSealer } from "./sealer.js";
import { encodeValues } from "./values.js";

/** Takes what an entry consists of; payloads come before the entry that refers to them. */
export interface EntrySink {
  payload(hash: string, bytes: number, sealed: Buffer): void;
  entry(seq: number, hash: string, body: string): void;
}

/** Gives each draft its place: seals its payloads, links it to the one before, hashes it. */
export class ChainWriter {
  readonly chain: ChainId;
  tip: ChainTip;
  readonly #sealer: PayloadSealer;
  readonly #now: () => number;

  constructor(chain: ChainId, tip: ChainTip, sealer: PayloadSealer, now: () => number) {
    this.chain = chain;
    this.tip = tip;
    this.#sealer = sealer;
    this.#now = now;
  }

  /** `ready` are payloads that were sealed before, because they are large. */
  write(draft: EntryDraft | OwnDraft, sink: EntrySink, ready: Payloads = {}): void {
    const payloads = this.#seal(draft, sink, ready);
    const seq = this.tip.seq + 1;
    const body = entryBody(this.chain, seq, this.tip.hash, this.#now(), draft, payloads);
    const digest = hash("sha256", body, "hex");
    sink.entry(seq, digest, body);
    this.tip = { seq, hash: digest };
  }

  #seal(draft: EntryDraft | OwnDraft, sink: EntrySink, ready: Payloads): Payloads {
    if (draft.kind === "statement") {
      const whole = draft.shown === draft.text && draft.text.length <= shownLimit;
      const text = ready.text ?? (whole ? undefined : this.#apart(Buffer.from(draft.text), sink));
      const values =
        ready.values ?? (draft.values === null ? undefined : this.#apart(encodeValues(draft.values), sink));
      const described = draft.analysis === null ? "" : analysisText(draft.analysis);
      const analysis = described.length > analysisLimit ? this.#apart(Buffer.from(described), sink) : undefined;
      return { text, values, analysis };
    }
    if (draft.kind === "statement-finished" && draft.error !== undefined)
      return { error: ready.error ?? this.#apart(Buffer.from(draft.error.text), sink) };
    return {};
  }

  #apart(content: Buffer, sink: EntrySink): PayloadRef {
    const { hash: payload, sealed } = this.#sealer.seal(content);
    sink.payload(payload, content.length, sealed);
    return { payload, bytes: content.length };
  }
}
