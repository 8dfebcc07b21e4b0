import headless from "@xterm/headless";
import { type CastHeader, castLines, screenSize } from "./cast-lines.js";
import { type ReadingTurns, readingTurns } from "./reading-turns.js";

/** What changed on a screen. */
export interface ScreenFrame {
  /** Seconds since the recording began. */
  readonly at: number;
  /** A new size: all rows are empty before it. */
  readonly size?: { readonly columns: number; readonly rows: number } | undefined;
  /** Rows that are other than before, from the top. */
  readonly rows: readonly (readonly [row: number, text: string])[];
  /** Row and column, from 0. */
  readonly cursor: readonly [number, number];
}

/** Masks what is found in a line, with as many characters as were there. */
export type HideValues = (line: string) => string;

/** What comes within this time, or up to this length, is one frame. */
const frameSeconds = 0.08;
const frameLength = 8 * 1024;

/**
 * Turns a recording into what was on the screen: text that is read by a terminal, so that sequences hide nothing, and nothing of what
 * a target sent reaches whoever looks on but characters.
 */
export class ScreenReader {
  readonly #hide: HideValues;
  readonly #terminal: headless.Terminal;
  #shown: string[] = [];
  #hidden = new Map<string, string>();
  readonly #turns: Pick<ReadingTurns, "take">;
  #resized = true;
  /** Taken on before something is shown in it: of a row of sizes only the last one. */
  #size: CastHeader | null = null;

  constructor(hide: HideValues = (line) => line, turns: Pick<ReadingTurns, "take"> = readingTurns) {
    this.#hide = hide;
    this.#turns = turns;
    this.#terminal = new headless.Terminal({ cols: 80, rows: 24, scrollback: 0, allowProposedApi: true });
  }

  /** The frames of one more piece, in order. Gives way to others as it goes. */
  async *read(piece: string): AsyncGenerator<ScreenFrame> {
    let waiting = "";
    let since = 0;
    for (const line of castLines(piece)) {
      if (!Array.isArray(line)) {
        this.#size = line as CastHeader;
        continue;
      }
      const [at, code, data] = line as readonly [number, string, string];
      if (waiting !== "" && (code === "r" || at - since > frameSeconds || waiting.length > frameLength)) {
        const frame = await this.#frame(since, waiting);
        waiting = "";
        if (frame) yield frame;
      }
      if (code === "o") {
        if (waiting === "") since = at;
        waiting += data;
        while (waiting.length > 2 * frameLength) {
          const frame = await this.#frame(at, waiting.slice(0, frameLength));
          waiting = waiting.slice(frameLength);
          if (frame) yield frame;
        }
      } else if (code === "r") {
        const [columns, rows] = data.split("x").map(Number);
        this.#size = screenSize(columns, rows);
      }
    }
    const frame = waiting === "" ? null : await this.#frame(since, waiting);
    if (frame) yield frame;
  }

  close(): void {
    this.#terminal.dispose();
  }

  /** Answers what it cost, in characters. */
  #resize(): number {
    if (this.#size === null) return 0;
    const { columns, rows } = this.#size;
    this.#size = null;
    this.#terminal.resize(Math.max(columns, 2), rows);
    this.#resized = true;
    this.#shown = [];
    return columns * rows;
  }

  async #frame(at: number, data: string): Promise<ScreenFrame | null> {
    await this.#turns.take(data.length + this.#resize());
    await new Promise<void>((resolve) => this.#terminal.write(data, resolve));
    const rows: (readonly [number, string])[] = [];
    const now = this.#rows();
    for (const [row, text] of now.entries()) if (text !== (this.#shown[row] ?? "")) rows.push([row, text]);
    this.#shown = now;
    const { active } = this.#terminal.buffer;
    const size = this.#resized ? { columns: this.#terminal.cols, rows: this.#terminal.rows } : undefined;
    if (rows.length === 0 && size === undefined) return null;
    this.#resized = false;
    return { at, size, rows, cursor: [active.cursorY, active.cursorX] };
  }

  /** The rows as they are shown; a line that goes over several is looked at as one. */
  #rows(): string[] {
    const { buffer, rows } = this.#terminal;
    const shown: string[] = [];
    for (let row = 0; row < rows; ) {
      const parts: string[] = [];
      do {
        parts.push(buffer.active.getLine(buffer.active.baseY + row)?.translateToString(false) ?? "");
        row++;
      } while (row < rows && buffer.active.getLine(buffer.active.baseY + row)?.isWrapped);
      if (parts.length === 1) shown.push(this.#masked(parts[0]!.trimEnd()));
      else {
        const whole = this.#masked(parts.join(""));
        let at = 0;
        for (const part of parts) {
          shown.push(whole.slice(at, at + part.length).trimEnd());
          at += part.length;
        }
      }
    }
    return shown;
  }

  #masked(line: string): string {
    if (line === "") return "";
    const known = this.#hidden.get(line);
    if (known !== undefined) return known;
    // What a target put there, and a terminal would take for an order, is no text.
    const made = this.#hide(line.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, (found) => " ".repeat(found.length)));
    if (this.#hidden.size > 2_000) this.#hidden.clear();
    this.#hidden.set(line, made);
    return made;
  }
}
