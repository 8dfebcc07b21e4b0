import type { ScreenLine } from "../../recording/screen/screen-text.js";

/** The lines of one session's terminals. */
export type IndexedSession = readonly { readonly terminal: number; readonly lines: readonly ScreenLine[] }[];

/** Characters that are kept in all. */
const maxCharacters = 16_000_000;

/** What stood on screens of sessions that are over, kept in memory only: what was read last goes last. */
export class ScreenIndex {
  readonly #sessions = new Map<string, { readonly is: IndexedSession; readonly characters: number }>();
  #characters = 0;

  get(session: string): IndexedSession | null {
    const found = this.#sessions.get(session);
    if (!found) return null;
    this.#sessions.delete(session);
    this.#sessions.set(session, found);
    return found.is;
  }

  put(session: string, is: IndexedSession): void {
    let characters = 100;
    for (const { lines } of is) for (const { text } of lines) characters += text.length;
    if (characters > maxCharacters / 4 || this.#sessions.has(session)) return;
    this.#sessions.set(session, { is, characters });
    this.#characters += characters;
    for (const [oldest, kept] of this.#sessions) {
      if (this.#characters <= maxCharacters) return;
      this.#sessions.delete(oldest);
      this.#characters -= kept.characters;
    }
  }
}
