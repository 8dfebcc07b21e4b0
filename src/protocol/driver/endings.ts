import type { SessionHost } from "../host.js";
import type { Note } from "../session.js";

/**
 * Statements that ended. Writing that down takes as long as sending the reply, and nobody waits for it: it is told when the reply has
 * left, or before whatever else the session does, so that no later statement finds an earlier one still open.
 */
export class Endings {
  readonly #host: SessionHost;
  #notes: Note[] = [];
  #due: NodeJS.Immediate | null = null;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  add(note: Note): void {
    this.#notes.push(note);
  }

  /** Call when the replies were handed over: what is written in a turn has left at its end, and this comes behind. */
  tellLater(): void {
    if (this.#notes.length > 0) this.#due ??= setImmediate(this.#tellDue);
  }

  readonly #tellDue = (): void => {
    this.#due = null;
    this.tell();
  };

  tell(): void {
    if (this.#notes.length === 0) return;
    const notes = this.#notes;
    this.#notes = [];
    for (const note of notes) this.#host.note(note);
  }
}
