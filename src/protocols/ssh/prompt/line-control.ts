import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import type { Withdraw } from "../connection/bridge.js";
import { Echo } from "./echo.js";
import { type Key, Keys } from "./keys.js";
import { shownLine } from "./shown-line.js";

/** The gate's word on a line. */
export type LineWord =
  | { readonly denied: string }
  /** `free`: it was allowed without that anybody could say what it does, so what it puts on the screen is used as it likes. */
  | { readonly denied: null; readonly free: boolean };

export interface LinePorts {
  /** Whether rules that are in force now want lines judged. */
  active(): boolean;
  /** Null: the line could not be read. Calls back once, perhaps hours later, unless it is withdrawn. */
  judge(line: string | null, answer: (word: LineWord) => void): Withdraw;
  toTarget(text: string): void;
  toClient(text: string): void;
  /** All that was typed has been dealt with. */
  idle(): void;
  screen(): { readonly columns: number; readonly rows: number };
}

/** What may be typed ahead while a line is judged. */
const maxAhead = 64 * 1024;
const maxLine = 16 * 1024;
/** An echo takes a moment; where a secret is asked for, a target that shows nothing for so long does not show it. */
const echoMs = 400;
const quietMs = 80;
/** As long a line may take to stand behind its prompt: the way to the target may be long, or the target busy. */
const drawMs = 2_000;
const bell = "\x07";
/** To the end of the line, then all of it away: readline, zsh's editor, and a terminal that edits lines itself. */
const wipe = "\x05\x15";

/**
 * Judges an interactive shell line by line. Keys go to the target as they are typed, so that editing, history and completion are the
 * shell's own; the Enter key does not. What runs is not what stands in the shell's line but what was judged: the line is wiped and
 * written anew before Enter, so a line that was misread runs as it was read.
 */
export class LineControl {
  readonly #ports: LinePorts;
  readonly #keys = new Keys();
  readonly #decoder = new StringDecoder("utf8");
  readonly #shownDecoder = new StringDecoder("utf8");
  readonly #echo = new Echo();
  /** What keys alone say of the line; null: it was edited, and only the screen tells. */
  #typed: string | null = "";
  /** Something was sent for this line. */
  #touched = false;
  /** The line's beginning was seen. */
  #whole = true;
  #free = false;
  /** Waits behind a line that is read or judged. */
  #ahead: string | null = null;
  #withdraw: Withdraw | null = null;
  #turn = 0;
  #closed = false;

  constructor(ports: LinePorts) {
    this.#ports = ports;
  }

  /** Null where everything is dealt with here; else the bytes go on as they are. */
  fromClient(data: Buffer): Buffer | null {
    if (this.#ahead === null && !this.#controls()) {
      this.#unseen();
      return data;
    }
    this.#receive(this.#decoder.write(data));
    return null;
  }

  fromTarget(data: Buffer): void {
    const was = this.#echo.fullScreen;
    this.#echo.output(this.#shownDecoder.write(data));
    // Back at a prompt: what was typed into a program is no part of a line.
    if (was && !this.#echo.fullScreen) this.#begin();
  }

  /** Whether nothing that was typed waits. */
  get isIdle(): boolean {
    return this.#ahead === null;
  }

  closed(): void {
    this.#closed = true;
    this.#turn++;
    this.#withdraw?.();
    this.#withdraw = null;
  }

  #controls(): boolean {
    return this.#ports.active() && !(this.#free && this.#echo.fullScreen);
  }

  /** Keys that nobody looked at: the line they are part of is read from the screen, if its beginning was seen. */
  #unseen(): void {
    this.#echo.begin();
    this.#typed = null;
    this.#touched = true;
    this.#whole = false;
    this.#keys.clear();
  }

  #receive(text: string): void {
    if (this.#ahead !== null) {
      if (this.#withdraw && /[\x03\x1c]/.test(text)) return this.#interrupted();
      if (this.#ahead.length + text.length > maxAhead) return this.#ports.toClient(bell);
      this.#ahead += text;
      return;
    }
    let rest = "";
    for (const key of this.#keys.push(text)) {
      // What stands behind the Enter key waits.
      if (!this.isIdle) rest += textOf(key);
      else this.#key(key);
    }
    this.#ahead = this.isIdle ? null : `${this.#ahead ?? ""}${rest}`;
  }

  #key(key: Key): void {
    if (key.kind === "nothing") return;
    if (key.kind === "refused") return this.#ports.toClient(bell);
    if (key.kind === "enter") return this.#enter();
    this.#echo.begin();
    if (key.kind === "end") {
      // At an empty line it is the end; elsewhere some programs take what stands there.
      if (this.#typed !== "") return this.#ports.toClient(bell);
      return this.#ports.toTarget("\x04");
    }
    if (key.kind === "interrupt") {
      this.#ports.toTarget(key.bytes);
      return this.#settle(++this.#turn);
    }
    if (key.kind === "text" && (this.#typed?.length ?? 0) >= maxLine) return this.#ports.toClient(bell);
    this.#touched = true;
    if (key.kind === "text") this.#typed = this.#typed === null ? null : this.#typed + key.text;
    else if (key.kind === "rubout") this.#typed = this.#typed === null ? null : withoutLast(this.#typed);
    else if (key.kind === "kill") this.#typed = this.#typed === null ? null : "";
    else if (key.kind === "edit") this.#typed = null;
    this.#ports.toTarget(textOf(key));
  }

  #begin(): void {
    this.#typed = "";
    this.#touched = false;
    this.#whole = true;
    this.#echo.over();
  }

  #enter(): void {
    if (!this.#touched) {
      this.#ports.toTarget("\r");
      return this.#begin();
    }
    this.#ahead = "";
    const turn = ++this.#turn;
    this.#read(turn).then(
      (line) => {
        if (this.#turn === turn) this.#judge(turn, line);
      },
      () => {
        if (this.#turn === turn) this.#judge(turn, null);
      },
    );
  }

  /** The line, null where it cannot be read, undefined where it is nobody's to read. */
  async #read(turn: number): Promise<string | null | undefined> {
    const typed = this.#typed;
    if (typed === "") return "";
    if (typed !== null) {
      const until = performance.now() + (this.#echo.asksForSecret ? echoMs : drawMs);
      for (; performance.now() < until && this.#turn === turn; await sleep(10))
        if (this.#echo.shows(typed)) return typed;
      // What is typed unseen at a question for a secret is not judged and not written down; anywhere else it is a line that hides.
      return this.#echo.shows(typed) ? typed : this.#echo.asksForSecret ? undefined : null;
    }
    if (!this.#whole || !this.#echo.hasPrompt) return null;
    // Ends a search through the history, and the cursor stands where the line does.
    const shownBefore = this.#echo.since?.length ?? 0;
    this.#ports.toTarget("\x05");
    // A target that is busy may still be drawing.
    for (const until = performance.now() + drawMs; ; ) {
      await this.#quiet(turn);
      const { since } = this.#echo;
      const seen = since === null ? null : await shownLine(this.#echo.prompt, since, this.#ports.screen());
      // A terminal that edits lines itself takes the key for a letter, and shows it.
      const asLetter = since?.slice(shownBefore).endsWith("^E") && seen?.endsWith("^E");
      const line = asLetter ? seen!.slice(0, -2).trimEnd() : seen;
      if (line !== null && !/[\p{C}\ufffd]/u.test(line)) return line;
      if (this.#turn !== turn || performance.now() > until) return null;
    }
  }

  #judge(turn: number, line: string | null | undefined): void {
    if (line === undefined) return this.#goOn(turn, "\r");
    if (line === "") return this.#goOn(turn, `${wipe}\r`);
    let answered = false;
    const withdraw = this.#ports.judge(line, (word) => {
      answered = true;
      if (this.#turn !== turn || this.#closed) return;
      this.#withdraw = null;
      if (word.denied !== null) return void this.#deny(turn, word.denied);
      this.#free = word.free;
      // What could not be read was allowed as just that: it stands there as it was typed.
      this.#goOn(turn, line === null ? "\r" : `${wipe}${line}\r`);
    });
    if (!answered && this.#turn === turn) this.#withdraw = withdraw;
  }

  #interrupted(): void {
    this.#withdraw?.();
    this.#withdraw = null;
    this.#ahead = "";
    void this.#deny(this.#turn, "withdrawn by you (Ctrl-C)");
  }

  /** Wipes the line and leaves whatever reads it where it was: no Ctrl-C, which would also end what runs and swallow what is typed next. */
  async #deny(turn: number, why: string): Promise<void> {
    const { prompt } = this.#echo;
    this.#ports.toTarget(wipe);
    await this.#quiet(turn);
    if (this.#turn !== turn || this.#closed) return;
    this.#ports.toClient(`\r\nhoop: ${why}\r\n${prompt}`);
    this.#release(turn);
  }

  /** What is typed right behind an interrupt could be lost in part: it waits until the shell is at its prompt again. */
  #settle(turn: number): void {
    this.#ahead = "";
    void this.#quiet(turn, 2 * quietMs, 2 * echoMs).then(() => this.#release(turn));
  }

  /** Until the target has shown nothing for a moment. */
  async #quiet(turn: number, forMs = quietMs, atMostMs = echoMs): Promise<void> {
    for (const until = performance.now() + atMostMs; performance.now() < until && this.#turn === turn; ) {
      await sleep(forMs);
      if (performance.now() - this.#echo.at >= forMs) return;
    }
  }

  #goOn(turn: number, bytes: string): void {
    if (this.#turn !== turn || this.#closed) return;
    this.#ports.toTarget(bytes);
    this.#release(turn);
  }

  /** The line is over: what was typed behind it comes next. */
  #release(turn: number): void {
    if (this.#turn !== turn || this.#closed) return;
    this.#turn++;
    this.#begin();
    const ahead = this.#ahead ?? "";
    this.#ahead = null;
    if (ahead !== "") {
      if (this.#controls()) this.#receive(ahead);
      else {
        this.#unseen();
        this.#ports.toTarget(ahead);
      }
    }
    if (this.#ahead === null) this.#ports.idle();
  }
}

function textOf(key: Key): string {
  switch (key.kind) {
    case "text":
      return key.text;
    case "enter":
      return "\r";
    case "rubout":
      return "\x7f";
    case "kill":
      return "\x15";
    case "end":
      return "\x04";
    case "interrupt":
    case "edit":
    case "plain":
      return key.bytes;
    default:
      return "";
  }
}

function withoutLast(text: string): string {
  return [...text].slice(0, -1).join("");
}
