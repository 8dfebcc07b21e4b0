import { ScreenReader } from "./screen-reader.js";

/** A line that stood on a screen. */
export interface ScreenLine {
  /** Seconds since the recording began, when it was first whole. */
  readonly at: number;
  readonly text: string;
}

/** Different lines of one terminal that are kept, and their characters. */
const maxLines = 20_000;
const maxCharacters = 2_000_000;

/** Gathers the lines that stood on a terminal's screen, each once; a line that is typed letter by letter counts when it is whole. */
export class ScreenText {
  readonly #reader = new ScreenReader();
  readonly #lines = new Map<string, number>();
  readonly #rows: string[] = [];
  #characters = 0;
  /** There is more than is kept. */
  cut = false;

  async add(piece: string): Promise<void> {
    for await (const { at, size, rows } of this.#reader.read(piece)) {
      if (size) this.#rows.length = 0;
      for (const [row, text] of rows) {
        const before = this.#rows[row];
        this.#rows[row] = text;
        // What was added to at its end was not whole yet.
        if (before !== undefined && before !== "" && text.startsWith(before)) this.#drop(before);
        this.#keep(text, at);
      }
    }
  }

  /** In the order in which they appeared. */
  lines(): readonly ScreenLine[] {
    return [...this.#lines].map(([text, at]) => ({ at, text }));
  }

  close(): void {
    this.#reader.close();
  }

  #drop(text: string): void {
    if (this.#lines.delete(text)) this.#characters -= text.length;
  }

  #keep(text: string, at: number): void {
    if (text.trim() === "" || this.#lines.has(text)) return;
    if (this.#lines.size >= maxLines || this.#characters + text.length > maxCharacters) {
      this.cut = true;
      return;
    }
    this.#lines.set(text, at);
    this.#characters += text.length;
  }
}
