import type { Withdraw } from "../connection/bridge.js";
import type { LineWord } from "./line-control.js";

export interface ScriptPorts {
  active(): boolean;
  judge(line: string | null, answer: (word: LineWord) => void): Withdraw;
  toTarget(bytes: Buffer): void;
  toClient(text: string): void;
  /** Everything that came has been dealt with. */
  idle(): void;
}

const maxLine = 64 * 1024;
const maxAhead = 4 * 1024 * 1024;
const lineFeed = 10;

/** Judges a shell without a terminal, which reads what it is to do from its input: nothing of a line leaves before its word. */
export class ScriptControl {
  readonly #ports: ScriptPorts;
  #parts: Buffer[] = [];
  #bytes = 0;
  #judging = false;
  #ended = false;
  #withdraw: Withdraw | null = null;
  #closed = false;

  constructor(ports: ScriptPorts) {
    this.#ports = ports;
  }

  /** Whether all that came has gone on. */
  get isIdle(): boolean {
    return this.#bytes === 0 && !this.#judging;
  }

  fromClient(data: Buffer): Buffer | null {
    if (this.isIdle && !this.#ports.active()) return data;
    this.#bytes += data.length;
    if (this.#bytes > maxAhead) {
      this.#parts = [];
      this.#bytes = 0;
      this.#ports.toClient("hoop: too much was sent ahead of a line that is judged; it is dropped\r\n");
      return null;
    }
    this.#parts.push(data);
    this.#next();
    return null;
  }

  /** The client sends no more: what is left is a line, too. */
  ended(): boolean {
    this.#ended = true;
    this.#next();
    return this.isIdle;
  }

  closed(): void {
    this.#closed = true;
    this.#withdraw?.();
    this.#withdraw = null;
  }

  #next(): void {
    while (!this.#judging && this.#bytes > 0 && !this.#closed) {
      const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
      const end = all.indexOf(lineFeed);
      if (end < 0 && !this.#ended && all.length <= maxLine) {
        this.#parts = [all];
        return;
      }
      const length = end < 0 ? all.length : end + 1;
      this.#parts = length === all.length ? [] : [all.subarray(length)];
      this.#bytes -= length;
      this.#judge(Buffer.from(all.subarray(0, length)));
    }
  }

  #judge(bytes: Buffer): void {
    const text = bytes.toString("utf8");
    const line = text.replace(/\r?\n$/, "");
    if (line.trim() === "") return this.#ports.toTarget(bytes);
    this.#judging = true;
    let answered = false;
    const readable = bytes.length <= maxLine && !/[\0\ufffd]/.test(text);
    const withdraw = this.#ports.judge(readable ? line : null, (word) => {
      answered = true;
      this.#judging = false;
      this.#withdraw = null;
      if (this.#closed) return;
      if (word.denied === null) this.#ports.toTarget(bytes);
      else this.#ports.toClient(`hoop: ${word.denied}\r\n`);
      this.#next();
      if (this.isIdle) this.#ports.idle();
    });
    if (!answered) this.#withdraw = withdraw;
  }
}
