import { Cursor, Unreadable } from "./cursor.js";
import { readHereDocument, readWord, type WordPorts } from "./read-word.js";
import type { Redirect, Script, SimpleCommand, Word } from "./script.js";
import { literal } from "./words.js";

/** Longer lines are not read: nobody types them. */
const maxLine = 64 * 1024;
const maxCommands = 500;
const maxDepth = 12;

const opening = new Set(["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time"]);
const closing = new Set(["fi", "done", "esac", "}"]);
/** What has a grammar of its own that runs code in ways of its own. */
const unread = new Set(["[[", "coproc", "let"]);

const redirectOperators = ["&>>", "<<<", "<<-", "&>", "<<", ">>", "<&", ">&", "<>", ">|", "<", ">"];
const assignment = /^([A-Za-z_][A-Za-z0-9_]*)\+?=/;

/**
 * Reads a line as POSIX shells and bash do (POSIX.1-2024, XCU 2), as far as is needed to say which commands it runs. Every
 * command counts, whatever branch it stands in. Where shells differ, or the grammar is one of the rarer ones, it says so in
 * `unknowns` rather than guess. Never throws.
 */
export function parseScript(line: string): Script {
  const parser = new Parser(line);
  return parser.run();
}

class Parser {
  readonly #line: string;
  readonly #commands: SimpleCommand[] = [];
  readonly #operators = new Set<string>();
  readonly #functions: string[] = [];
  readonly #unknowns: string[] = [];
  readonly #documents: { readonly end: string; readonly quoted: boolean; readonly tabs: boolean }[] = [];
  #substitution = false;
  #depth = 0;
  #heads = 0;
  #apart = 0;
  #joined = ";";

  constructor(line: string) {
    this.#line = line;
  }

  run(): Script {
    try {
      if (this.#line.length > maxLine) throw new Unreadable(`a line of more than ${maxLine} characters`);
      if (/[\0\ufffd]/.test(this.#line)) throw new Unreadable("bytes that are no text");
      const cursor = new Cursor(this.#line);
      this.#list(cursor, null);
      if (this.#documents.length > 0) throw new Unreadable("a here-document without its end");
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#unknowns.push(error.message);
    }
    return {
      commands: this.#commands,
      operators: [...this.#operators],
      substitution: this.#substitution,
      functions: this.#functions,
      unknowns: this.#unknowns,
    };
  }

  readonly #ports: WordPorts = {
    script: (cursor, end) => {
      this.#substitution = true;
      this.#within(() => this.#list(cursor, end));
    },
    nested: (text) => {
      this.#substitution = true;
      this.#within(() => this.#list(new Cursor(text), null));
    },
  };

  #within(read: () => void): void {
    if (++this.#depth > maxDepth) throw new Unreadable("too deeply nested");
    this.#apart++;
    const waiting = this.#documents.length;
    read();
    if (this.#documents.length > waiting)
      throw new Unreadable("a here-document whose text stands outside of its brackets");
    this.#apart--;
    this.#depth--;
  }

  /** Commands up to `end`, which is taken; null: up to the end of the text. */
  #list(cursor: Cursor, end: ")" | null): void {
    for (;;) {
      this.#blanks(cursor);
      if (cursor.atEnd) {
        if (end !== null) throw new Unreadable("a bracket that is never closed");
        return;
      }
      if (cursor.peek() === ")") {
        if (end === null) throw new Unreadable("a bracket that was never opened");
        cursor.take();
        return;
      }
      if (this.#separator(cursor)) continue;
      this.#command(cursor);
    }
  }

  #blanks(cursor: Cursor): void {
    for (;;) {
      const next = cursor.peek();
      if (next === " " || next === "\t") cursor.take();
      else if (next === "\\" && cursor.peek(1) === "\n") cursor.skip(2);
      else if (next === "#") cursor.skipTo("\n");
      else return;
    }
  }

  #separator(cursor: Cursor): boolean {
    if (cursor.peek() === "\n") {
      cursor.take();
      this.#joins(";");
      for (const { end, quoted, tabs } of this.#documents.splice(0))
        readHereDocument(cursor, end, quoted, tabs, this.#ports);
      return true;
    }
    if (cursor.startsWith("&>")) return false;
    for (const operator of ["&&", "||", "|&", ";;&", ";;", ";&", ";", "|", "&"]) {
      if (!cursor.startsWith(operator)) continue;
      if (operator.startsWith(";;") || operator === ";&") throw new Unreadable("an end of a case without its case");
      cursor.skip(operator.length);
      this.#joins(operator === "|&" ? "|" : operator);
      return true;
    }
    return false;
  }

  #joins(operator: string): void {
    this.#operators.add(operator);
    this.#joined = operator;
  }

  /** One simple command, or the head of a compound one: what it contains is read as commands of the list. */
  #command(cursor: Cursor): void {
    if (this.#commands.length >= maxCommands) throw new Unreadable(`more than ${maxCommands} commands`);
    if (cursor.startsWith("((")) throw new Unreadable("arithmetic, which may run what variables hold");
    if (cursor.peek() === "(") {
      cursor.take();
      this.#operators.add("(");
      this.#within(() => this.#list(cursor, ")"));
      return this.#tail(cursor);
    }
    const joined = this.#joined;
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      this.#blanks(cursor);
      if (cursor.atEnd || cursor.peek() === ")" || cursor.peek() === "\n") break;
      if (this.#redirect(cursor, redirects)) continue;
      // To shells without it, what follows is a command of its own.
      if (!isSeparator(cursor) && redirects.some(({ operator }) => operator.startsWith("&")))
        throw new Unreadable("words behind &>, which shells read in different ways");
      if (isSeparator(cursor)) break;
      if (cursor.peek() === "(") {
        if (words.length === 1 && assignments.length === 0) return this.#functionNamed(cursor, words[0]!);
        throw new Unreadable("a bracket where none is expected");
      }
      const from = cursor.at;
      const word = this.#word(cursor);
      const plain = unbroken(cursor.text.slice(from, cursor.at));
      if (words.length === 0) {
        const found = assignment.exec(plain);
        if (found) {
          if (cursor.peek() === "(") throw new Unreadable("an array");
          assignments.push({ name: found[1]!, value: withoutHead(word, found[0].length) });
          continue;
        }
        if (assignments.length === 0 && redirects.length === 0) {
          if (opening.has(plain)) {
            if (plain === "{") this.#operators.add("{");
            return this.#opened(cursor);
          }
          if (closing.has(plain)) return this.#tail(cursor);
          if (unread.has(plain)) throw new Unreadable(`${plain}, which may run what variables hold`);
          if (plain === "for" || plain === "select") return this.#loop(cursor);
          if (plain === "case") return this.#case(cursor);
          if (plain === "function") return this.#function(cursor);
        }
      }
      words.push(word);
    }
    if (assignments.length + words.length + redirects.length > 0)
      this.#commands.push({
        assignments,
        words,
        redirects,
        joined,
        apart: this.#apart + this.#heads > 0 || backgrounds(cursor),
      });
  }

  #word(cursor: Cursor): Word {
    const from = cursor.at;
    const word = readWord(cursor, this.#ports);
    if (cursor.at === from) throw new Unreadable("a word that is missing");
    return word;
  }

  /** Behind `if`, `do`, `{` and their like: the next command follows without a separator. */
  #opened(cursor: Cursor): void {
    if (++this.#heads > maxCommands) throw new Unreadable(`more than ${maxCommands} commands`);
    this.#blanks(cursor);
    if (!cursor.atEnd && !isSeparator(cursor) && cursor.peek() !== "\n" && cursor.peek() !== ")") this.#command(cursor);
  }

  /** Behind a compound command only redirections may stand. */
  #tail(cursor: Cursor): void {
    const redirects: Redirect[] = [];
    for (;;) {
      this.#blanks(cursor);
      if (!this.#redirect(cursor, redirects)) break;
    }
    if (redirects.length > 0) this.#commands.push({ assignments: [], words: [], redirects, joined: ";", apart: true });
    if (!cursor.atEnd && cursor.peek() !== ")" && cursor.peek() !== "\n" && !isSeparator(cursor))
      this.#afterTail(cursor);
  }

  /** `fi fi`, `done }` and their like need no separator in between. */
  #afterTail(cursor: Cursor): void {
    if (++this.#heads > maxCommands) throw new Unreadable(`more than ${maxCommands} commands`);
    const from = cursor.at;
    this.#word(cursor);
    const plain = unbroken(cursor.text.slice(from, cursor.at));
    if (!closing.has(plain) && !opening.has(plain)) throw new Unreadable("words behind the end of a command");
    return closing.has(plain) ? this.#tail(cursor) : this.#opened(cursor);
  }

  #loop(cursor: Cursor): void {
    this.#blanks(cursor);
    if (cursor.peek() === "(") throw new Unreadable("arithmetic, which may run what variables hold");
    this.#word(cursor);
    for (;;) {
      this.#blanks(cursor);
      if (cursor.atEnd || cursor.peek() === "\n" || isSeparator(cursor)) return;
      if (cursor.peek() === "(" || cursor.peek() === ")") throw new Unreadable("a bracket where none is expected");
      this.#word(cursor);
    }
  }

  #case(cursor: Cursor): void {
    this.#heads++;
    this.#blanks(cursor);
    this.#word(cursor);
    this.#spaces(cursor);
    if (!isWord(cursor, "in")) throw new Unreadable("a case without in");
    cursor.skip(2);
    for (;;) {
      this.#spaces(cursor);
      if (isWord(cursor, "esac")) {
        cursor.skip(4);
        return this.#tail(cursor);
      }
      if (cursor.peek() === "(") cursor.take();
      this.#patterns(cursor);
      if (!this.#branch(cursor)) return this.#tail(cursor);
    }
  }

  #patterns(cursor: Cursor): void {
    for (;;) {
      this.#spaces(cursor);
      this.#word(cursor);
      this.#spaces(cursor);
      const next = cursor.take();
      if (next === ")") return;
      if (next !== "|") throw new Unreadable("a case that could not be read");
    }
  }

  /** Commands of one branch. False: `esac` followed without `;;`. */
  #branch(cursor: Cursor): boolean {
    for (;;) {
      this.#blanks(cursor);
      for (const end of [";;&", ";;", ";&"]) {
        if (!cursor.startsWith(end)) continue;
        cursor.skip(end.length);
        return true;
      }
      if (cursor.atEnd || cursor.peek() === ")") throw new Unreadable("a case without its end");
      if (isWord(cursor, "esac")) {
        cursor.skip(4);
        return false;
      }
      if (!this.#separator(cursor)) this.#command(cursor);
    }
  }

  #function(cursor: Cursor): void {
    this.#blanks(cursor);
    const name = this.#word(cursor);
    this.#blanks(cursor);
    if (cursor.peek() === "(") return this.#functionNamed(cursor, name);
    this.#defines(name);
  }

  #functionNamed(cursor: Cursor, name: Word): void {
    cursor.take();
    this.#blanks(cursor);
    if (cursor.take() !== ")") throw new Unreadable("a bracket where none is expected");
    this.#defines(name);
  }

  #defines(name: Word): void {
    const text = literal(name);
    if (text === null) throw new Unreadable("a function whose name is not plain");
    this.#functions.push(text);
    // Its commands are read where they stand; whether its `cd` counts is not known.
    this.#apart++;
  }

  #spaces(cursor: Cursor): void {
    for (;;) {
      this.#blanks(cursor);
      if (cursor.peek() !== "\n") return;
      if (this.#documents.length > 0) throw new Unreadable("a here-document inside of a case's head");
      cursor.take();
    }
  }

  #redirect(cursor: Cursor, into: Redirect[]): boolean {
    const digits = /^[0-9]+(?=[<>])/.exec(cursor.ahead(12));
    const skipped = digits?.[0].length ?? 0;
    const operator = redirectOperators.find((one) => cursor.startsWith(one, skipped));
    if (operator === undefined) return false;
    // Process substitution is a word.
    if ((operator === "<" || operator === ">") && cursor.peek(skipped + 1) === "(") {
      if (skipped > 0) throw new Unreadable("a bracket where none is expected");
      return false;
    }
    cursor.skip(skipped + operator.length);
    this.#blanks(cursor);
    const from = cursor.at;
    const word = this.#word(cursor);
    const plain = cursor.text.slice(from, cursor.at);
    if (plain === "") throw new Unreadable("a redirection to nothing");
    if (operator === "<<" || operator === "<<-") {
      const end = literal(word);
      if (end === null || /[\n$`]/.test(end)) throw new Unreadable("a here-document whose end is not plain");
      this.#documents.push({ end, quoted: /['"\\]/.test(plain), tabs: operator === "<<-" });
    }
    const duplicates = (operator === "<&" || operator === ">&") && /^([0-9]+-?|-)$/.test(plain);
    into.push({ operator, target: operator.startsWith("<<") || duplicates ? null : word });
    return true;
  }
}

function isSeparator(cursor: Cursor): boolean {
  const next = cursor.peek();
  return next === ";" || next === "|" || (next === "&" && cursor.peek(1) !== ">");
}

/** What follows makes it a process of its own. */
const backgrounds = (cursor: Cursor) =>
  (cursor.peek() === "|" && cursor.peek(1) !== "|") || (cursor.peek() === "&" && cursor.peek(1) !== "&");

function isWord(cursor: Cursor, word: string): boolean {
  return cursor.startsWith(word) && /^[\s;&|()<>]?$/.test(cursor.ahead(word.length + 1).slice(word.length));
}

/** A line that goes on in the next one is one line, also within a word. */
const unbroken = (text: string) => text.replaceAll("\\\n", "");

function withoutHead(word: Word, length: number): Word {
  const [first, ...rest] = word.parts;
  if (first?.kind !== "text" || first.text.length < length) return word;
  return { ...word, parts: [{ ...first, text: first.text.slice(length) }, ...rest] };
}
