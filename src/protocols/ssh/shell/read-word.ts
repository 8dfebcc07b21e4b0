import { ansiText } from "./ansi-text.js";
import { Cursor, Unreadable } from "./cursor.js";
import type { Part, Word } from "./script.js";

/** How commands inside of words are read. */
export interface WordPorts {
  /** Commands from here up to the closing bracket, which is taken. */
  script(cursor: Cursor, end: ")"): void;
  /** Commands of a text of their own. */
  nested(text: string): void;
}

const ends = new Set([" ", "\t", "\n", ";", "&", "|", "<", ">", "(", ")", ""]);

class Parts {
  readonly list: Part[] = [];
  expands = false;
  #text = "";
  #quoted = false;

  add(text: string, quoted: boolean): void {
    if (quoted !== this.#quoted) this.#flush();
    this.#quoted = quoted;
    this.#text += text;
    // An empty quoted part still makes a word.
    if (quoted && text === "" && this.#text === "") this.list.push({ kind: "text", text: "", quoted });
  }

  unknown(text: string): void {
    this.#flush();
    this.list.push({ kind: "unknown", text });
  }

  end(): Word {
    this.#flush();
    return { parts: this.list, expands: this.expands && mayExpand(this.list) };
  }

  #flush(): void {
    if (this.#text !== "") this.list.push({ kind: "text", text: this.#text, quoted: this.#quoted });
    this.#text = "";
  }
}

/** `[` and `{}` alone stand for themselves. */
function mayExpand(parts: readonly Part[]): boolean {
  const text = parts.map((part) => part.text).join("");
  if (/[*?]/.test(text) || between(text, "[", "]") !== null) return true;
  return /,|\.\./.test(between(text, "{", "}") ?? "");
}

function between(text: string, open: string, close: string): string | null {
  const [from, to] = [text.indexOf(open), text.lastIndexOf(close)];
  return from >= 0 && to > from ? text.slice(from + 1, to) : null;
}

/** One word, quotes and expansions read (XCU 2.2, 2.6). */
export function readWord(cursor: Cursor, ports: WordPorts): Word {
  const parts = new Parts();
  for (;;) {
    const next = cursor.peek();
    if ((next === "<" || next === ">") && cursor.peek(1) === "(" && parts.list.length === 0) {
      cursor.skip(2);
      ports.script(cursor, ")");
      parts.unknown("<()");
      continue;
    }
    if (ends.has(next)) return parts.end();
    switch (next) {
      case "'":
        cursor.take();
        parts.add(takeUntilQuote(cursor), true);
        break;
      case '"':
        cursor.take();
        readQuoted(cursor, ports, parts);
        break;
      case "\\":
        cursor.take();
        if (cursor.peek() === "\n") cursor.take();
        else if (cursor.atEnd) parts.add("\\", true);
        else parts.add(cursor.take(), true);
        break;
      case "$":
        readDollar(cursor, ports, parts, false);
        break;
      case "`":
        readBackticks(cursor, ports, parts, false);
        break;
      default:
        if (next === "*" || next === "?" || next === "[" || next === "{") parts.expands = true;
        parts.add(cursor.take(), false);
    }
  }
}

/** A here-document's text up to its end; where its end is not quoted, commands in it run (XCU 2.7.4). */
export function readHereDocument(cursor: Cursor, end: string, quoted: boolean, tabs: boolean, ports: WordPorts): void {
  const from = cursor.at;
  for (;;) {
    if (cursor.atEnd) throw new Unreadable("a here-document without its end");
    const start = cursor.at;
    cursor.skipTo("\n");
    const line = cursor.text.slice(start, cursor.at);
    cursor.take();
    if ((tabs ? line.replace(/^\t+/, "") : line) !== end) continue;
    const text = cursor.text.slice(from, start);
    if (quoted) return;
    // Such a line goes on in the next one, and where the text ends is another matter.
    if (/\\\n/.test(text)) throw new Unreadable("a here-document with lines that go on");
    return readExpansions(text, ports);
  }
}

function readExpansions(text: string, ports: WordPorts): void {
  const cursor = new Cursor(text);
  const parts = new Parts();
  while (!cursor.atEnd) readQuotedCharacter(cursor, ports, parts);
}

function takeUntilQuote(cursor: Cursor): string {
  const from = cursor.at;
  cursor.skipTo("'");
  if (cursor.atEnd) throw new Unreadable("a quote that is never closed");
  return cursor.text.slice(from, cursor.at++);
}

function readQuoted(cursor: Cursor, ports: WordPorts, parts: Parts): void {
  parts.add("", true);
  for (;;) {
    if (cursor.atEnd) throw new Unreadable("a quote that is never closed");
    if (cursor.peek() === '"') {
      cursor.take();
      return;
    }
    readQuotedCharacter(cursor, ports, parts);
  }
}

function readQuotedCharacter(cursor: Cursor, ports: WordPorts, parts: Parts): void {
  const next = cursor.peek();
  if (next === "$") return readDollar(cursor, ports, parts, true);
  if (next === "`") return readBackticks(cursor, ports, parts, true);
  cursor.take();
  if (next !== "\\") return parts.add(next, true);
  const escaped = cursor.peek();
  if (escaped === "\n") cursor.take();
  else if (escaped === "$" || escaped === "`" || escaped === '"' || escaped === "\\") parts.add(cursor.take(), true);
  else parts.add("\\", true);
}

function readDollar(cursor: Cursor, ports: WordPorts, parts: Parts, quoted: boolean): void {
  cursor.take();
  const next = cursor.peek();
  if (next === "(") {
    if (cursor.peek(1) === "(") return readArithmetic(cursor, parts);
    cursor.take();
    ports.script(cursor, ")");
    return parts.unknown("$()");
  }
  if (next === "{") return readBraces(cursor, ports, parts);
  if (next === "\\" && cursor.peek(1) === "\n") throw new Unreadable("an expansion that goes on in the next line");
  if (next === "[") throw new Unreadable("arithmetic, which may run what variables hold");
  if (!quoted && next === "'") return parts.add(ansiText(cursor), true);
  if (!quoted && next === '"') {
    cursor.take();
    return readQuoted(cursor, ports, parts);
  }
  const name = /^([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(cursor.ahead(256))?.[0];
  if (name === undefined) return parts.add("$", quoted);
  cursor.skip(name.length);
  parts.unknown(`$${name}`);
}

/** Only of numbers: a name's value is evaluated too, and may hold a substitution. */
function readArithmetic(cursor: Cursor, parts: Parts): void {
  const found = /^\(\([0-9\s+*/%<>=!&|^~?:,-]*\)\)/.exec(cursor.ahead(512))?.[0];
  if (found === undefined) throw new Unreadable("arithmetic, which may run what variables hold");
  cursor.skip(found.length);
  parts.unknown("$(())");
}

function readBraces(cursor: Cursor, ports: WordPorts, parts: Parts): void {
  const head = /^\{#?([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(?=\}|:?[-=+?]|##?|%%?|\/)/.exec(cursor.ahead(256))?.[0];
  if (head === undefined) throw new Unreadable("an expansion that may run what variables hold");
  cursor.skip(head.length);
  const inside = new Parts();
  for (;;) {
    const next = cursor.peek();
    if (next === "") throw new Unreadable("a bracket that is never closed");
    if (next === "}") break;
    // Inside of double quotes shells disagree about what a quote means here.
    if (next === "'" || next === '"') throw new Unreadable("quotes inside of an expansion");
    readQuotedCharacter(cursor, ports, inside);
  }
  cursor.take();
  parts.unknown("${}");
}

function readBackticks(cursor: Cursor, ports: WordPorts, parts: Parts, quoted: boolean): void {
  cursor.take();
  let text = "";
  for (;;) {
    if (cursor.atEnd) throw new Unreadable("a quote that is never closed");
    const next = cursor.take();
    if (next === "`") break;
    const escaped = cursor.peek();
    const drops =
      next === "\\" && (escaped === "`" || escaped === "$" || escaped === "\\" || (quoted && escaped === '"'));
    text += drops ? cursor.take() : next;
  }
  ports.nested(text);
  parts.unknown("$()");
}
