import { printable } from "./output.js";

/** What changed on a screen, as the gateway tells it. */
export interface Frame {
  readonly at: number;
  readonly size?: { readonly columns: number; readonly rows: number };
  readonly rows: readonly (readonly [row: number, text: string])[];
  readonly cursor: readonly [row: number, column: number];
}

/** Paints frames on a terminal. They are text alone, and whatever in them is none does not reach it. */
export class ScreenPainter {
  readonly #write: (text: string) => void;
  readonly #rows = new Map<number, string>();
  #begun = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  paint({ size, rows, cursor }: Frame): void {
    let out = "";
    if (!this.#begun || size) {
      out += "\x1b[2J";
      this.#rows.clear();
      this.#begun = true;
    }
    for (const [row, text] of rows) {
      if (!Number.isInteger(row) || row < 0 || row > 500) continue;
      this.#rows.set(row, text);
      out += `\x1b[${row + 1};1H\x1b[2K${printable(text.replaceAll("\n", " "))}`;
    }
    const place = (value: number) => Math.min(Math.max(Math.trunc(Number(value)) || 0, 0), 500) + 1;
    this.#write(`${out}\x1b[${place(cursor[0])};${place(cursor[1])}H`);
  }

  /** Leaves the cursor below what was painted. */
  end(): void {
    if (!this.#begun) return;
    const last = Math.max(0, ...[...this.#rows].filter(([, text]) => text !== "").map(([row]) => row));
    this.#write(`\x1b[${last + 2};1H`);
  }
}
