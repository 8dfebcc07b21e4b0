import type { Note, SessionEffect, Side } from "../../../protocol/index.js";

/** Collects the effects of one call. Neighbouring views of one buffer become one `send` again. */
export class Outbox {
  #effects: SessionEffect[] = [];
  #id = 0;
  #ended = false;

  /** A fresh id for an effect that is answered by `resolve`. */
  nextId(): number {
    return ++this.#id;
  }

  send(to: Side, bytes: Buffer): void {
    if (bytes.length === 0 || this.#ended) return;
    const last = this.#effects.at(-1);
    if (last !== undefined && last.kind === "send" && last.to === to) {
      const { bytes: before } = last;
      if (before.buffer === bytes.buffer && before.byteOffset + before.length === bytes.byteOffset) {
        const joined = Buffer.from(bytes.buffer, before.byteOffset, before.length + bytes.length);
        this.#effects[this.#effects.length - 1] = { kind: "send", to, bytes: joined };
        return;
      }
    }
    this.#effects.push({ kind: "send", to, bytes });
  }

  /** Nothing follows an `end`. */
  push(effect: SessionEffect): void {
    if (this.#ended) return;
    this.#effects.push(effect);
    this.#ended = effect.kind === "end";
  }

  note(note: Note): void {
    this.push({ kind: "note", note });
  }

  take(): readonly SessionEffect[] {
    if (this.#effects.length === 0) return none;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}

const none: readonly SessionEffect[] = [];
