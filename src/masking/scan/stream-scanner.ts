import type { ScanRule } from "../../vocabulary/index.js";
import { Finder } from "./finder.js";
import { apart, type Hit } from "./hit.js";
import { replaceHits } from "./replace.js";
import { Tally } from "./tally.js";

/** Values are looked for in each line by itself; of a longer line in pieces of this length. */
const piece = 65_536;
/** What must be there behind a piece before it is looked at, and what of the bytes before it is looked at with it. */
const lookAhead = 8_192;
const lookBehind = 256;
/** A private key that does not end within these bytes has ended. */
const longestKey = 65_536;

const newline = 0x0a;
const keyBegins = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const keyEnds = "-----END ";
/** What goes on with a value that was cut off by the end of what could be looked at. */
const goesOn = /^[A-Za-z0-9_+/=.~%-]+/;

/**
 * Masks values in a stream of bytes, for protocols that have no cells: the screen of a shell, the body of an answer. Whatever
 * the chunks, the outcome is the same; a value that lies across two of them is found.
 *
 * @example const scanner = createStreamScanner(rules, key); out.write(scanner.push(chunk)); … out.end(scanner.flush());
 */
export interface StreamScanner {
  /** What can be told of the stream so far: whole lines, and pieces of 64 KiB of longer ones. The rest waits. */
  push(chunk: Buffer): Buffer;
  /**
   * All that waits, looked at as if the line ended here. At the end of the stream; and when nothing came for a moment and a
   * person waits for the rest of the line (a prompt): a value that is cut in two by that is not found.
   */
  flush(): Buffer;
  /** How often each kind was found since it was last asked. */
  detected(): Readonly<Record<string, number>> | undefined;
}

export function createStreamScanner(rules: readonly ScanRule[], key: Buffer): StreamScanner {
  return new LineScanner(rules, key);
}

class LineScanner implements StreamScanner {
  readonly #finder: Finder;
  readonly #key: Buffer;
  readonly #tally = new Tally();
  readonly #findsKeys: boolean;
  #waiting: Buffer = Buffer.alloc(0);
  /** The line's bytes before those that wait, as far as they are looked at again. */
  #behind = "";
  /** Bytes at the beginning of what waits that a hit before them covers. */
  #covered = 0;
  /** The last hit was cut off: it goes on as long as its characters do. */
  #cut = false;
  /** Bytes of a private key so far; null: not in one. */
  #inKey: number | null = null;

  constructor(rules: readonly ScanRule[], key: Buffer) {
    this.#finder = new Finder(rules);
    this.#key = key;
    this.#findsKeys = rules.some(({ detect }) => detect.includes("private-key"));
  }

  push(chunk: Buffer): Buffer {
    this.#waiting = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    const out: string[] = [];
    let at = 0;
    for (;;) {
      const end = this.#waiting.indexOf(newline, at);
      const length = (end < 0 ? this.#waiting.length : end) - at;
      if (length >= piece + lookAhead) {
        out.push(this.#piece(this.#waiting.toString("latin1", at, at + piece + lookAhead)));
        at += piece;
      } else if (end >= 0) {
        out.push(this.#rest(this.#waiting.toString("latin1", at, end)), this.#inKey === null ? "\n" : "");
        at = end + 1;
      } else break;
    }
    // A copy: what waits must not keep a large chunk.
    this.#waiting = Buffer.from(this.#waiting.subarray(at));
    return Buffer.from(out.join(""), "latin1");
  }

  flush(): Buffer {
    const rest = this.#waiting.toString("latin1");
    this.#waiting = Buffer.alloc(0);
    return Buffer.from(rest === "" ? "" : this.#rest(rest), "latin1");
  }

  detected(): Readonly<Record<string, number>> | undefined {
    return this.#tally.take();
  }

  /** The first bytes of a line that is longer than what can be looked at. */
  #piece(text: string): string {
    const out = this.#look(text, piece);
    this.#behind = text.slice(Math.max(0, piece - lookBehind), piece);
    return out;
  }

  /** What is left of a line, up to its end. */
  #rest(text: string): string {
    const out = this.#look(text, text.length);
    this.#behind = "";
    this.#covered = 0;
    this.#cut = false;
    return out;
  }

  /** Masks `text[0 … until)`, with what is around it in sight. */
  #look(text: string, until: number): string {
    const before = this.#inKey;
    if (before !== null) {
      const end = text.slice(0, until).indexOf(keyEnds);
      this.#covered = 0;
      this.#cut = false;
      this.#inKey = end >= 0 || before + until > longestKey ? null : before + until + 1;
      return "";
    }
    const shift = this.#behind.length;
    const whole = this.#behind + text;
    const from = shift + this.#skip(text, until);
    const hits: Hit[] = [];
    let covered = 0;
    for (const hit of apart([...this.#finder.find(whole)])) {
      // Another's, or of the next piece.
      if (hit.end <= from || hit.start >= shift + until) continue;
      const start = Math.max(hit.start, from);
      const end = Math.min(hit.end, shift + until);
      if (hit.end > end) covered = hit.end - end;
      if (hit.end === whole.length && until < text.length) this.#cut = true;
      hits.push({ ...hit, start: start - from, end: end - from });
    }
    this.#covered = covered;
    const shown = whole.slice(from, shift + until);
    this.#enterKey(shown);
    // Part of a stream cannot be NULL.
    const out = replaceHits(shown, hits, this.#key, this.#tally, (text) => text ?? "***");
    return out ?? shown;
  }

  /** Bytes at the beginning that belong to a hit before them. */
  #skip(text: string, until: number): number {
    let skip = Math.min(this.#covered, until);
    if (this.#cut && skip === this.#covered) {
      skip = Math.min(until, skip + (goesOn.exec(text.slice(skip, until))?.[0].length ?? 0));
      if (skip < until) this.#cut = false;
    }
    return skip;
  }

  #enterKey(shown: string): void {
    if (!this.#findsKeys || !shown.includes("-----BEGIN")) return;
    const begins = keyBegins.exec(shown);
    if (begins !== null && !shown.includes(keyEnds, begins.index)) this.#inKey = shown.length - begins.index;
  }
}
