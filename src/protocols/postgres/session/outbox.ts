import type { Note, SessionEffect, Side } from "../../../protocol/index.js";

/** Collects the effects of one call. Neighbouring views of one buffer become one `send` again. */
export class Outbox {
  #effects: SessionEffect[] = [];
  #id = 0;
  #ended = false;
  /** The `send` that is being collected; it may still grow. Null: none. */
  #bytes: Buffer | null = null;
  #to: Side = "client";
  /** What it has grown to, as a run of the first bytes' memory. */
  #length = 0;

  /** A fresh id for an effect that is answered by `resolve`. */
  nextId(): number {
    return ++this.#id;
  }

  send(to: Side, bytes: Buffer): void {
    if (bytes.length === 0 || this.#ended) return;
    const first = this.#bytes;
    if (first !== null) {
      if (this.#to === to && first.buffer === bytes.buffer && first.byteOffset + this.#length === bytes.byteOffset) {
        this.#length += bytes.length;
        return;
      }
      this.#collected(first);
    }
    this.#bytes = bytes;
    this.#to = to;
    this.#length = bytes.length;
  }

  /** Nothing follows an `end`. */
  push(effect: SessionEffect): void {
    if (this.#ended) return;
    if (this.#bytes !== null) this.#collected(this.#bytes);
    this.#effects.push(effect);
    this.#ended = effect.kind === "end";
  }

  note(note: Note): void {
    this.push({ kind: "note", note });
  }

  take(): readonly SessionEffect[] {
    if (this.#bytes !== null) this.#collected(this.#bytes);
    if (this.#effects.length === 0) return none;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #collected(first: Buffer): void {
    this.#bytes = null;
    const bytes = first.length === this.#length ? first : Buffer.from(first.buffer, first.byteOffset, this.#length);
    this.#effects.push({ kind: "send", to: this.#to, bytes });
  }
}

const none: readonly SessionEffect[] = [];
