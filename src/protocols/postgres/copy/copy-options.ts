import { isUnsafeEncoding } from "../session/text.js";
import { type Token, tokenize } from "./tokens.js";

/** How `COPY … TO STDOUT` writes its rows. */
export interface CopyOptions {
  readonly format: "text" | "csv" | "binary";
  readonly delimiter: string;
  readonly nullText: string;
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean;
}

/**
 * Reads the options of one `COPY … TO STDOUT`, in today's and in the older syntaxes.
 * Null: it is not one such statement alone, or says something that is not known here; then nobody can split its rows.
 *
 * @see https://www.postgresql.org/docs/current/sql-copy.html
 */
export function readCopyOptions(text: string): CopyOptions | null {
  const tokens = tokenize(text);
  if (tokens === null) return null;
  while (tokens.at(-1)?.text === ";") tokens.pop();
  if (tokens.some(({ text: t, kind }) => kind === "mark" && t === ";")) return null;
  if (!isWord(tokens[0], "copy")) return null;
  let depth = 0;
  let at = -1;
  const binaryFirst = isWord(tokens[1], "binary") && !isWord(tokens[2], "to");
  for (let i = 1; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind === "mark" && token.text === "(") depth++;
    else if (token.kind === "mark" && token.text === ")") depth--;
    else if (depth === 0 && isWord(token, "to") && isWord(tokens[i + 1], "stdout")) {
      at = i + 2;
      break;
    }
  }
  if (at < 0) return null;
  const found = new Map<string, string>(binaryFirst ? [["format", "binary"]] : []);
  const read = new TokenReader(tokens, at);
  const older = read.word("delimiters") || read.word("using");
  if (older) {
    read.word("delimiters");
    read.word("as");
    const value = read.string();
    if (value === null) return null;
    found.set("delimiter", value);
  }
  read.word("with");
  const ok = read.mark("(") ? listed(read, found) : spoken(read, found);
  return ok && read.done ? optionsFrom(found) : null;
}

class TokenReader {
  readonly #tokens: readonly Token[];
  #at: number;

  constructor(tokens: readonly Token[], at: number) {
    this.#tokens = tokens;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  word(text: string): boolean {
    if (!isWord(this.#tokens[this.#at], text)) return false;
    this.#at++;
    return true;
  }

  mark(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "mark" || token.text !== text) return false;
    this.#at++;
    return true;
  }

  atMark(...texts: readonly string[]): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === "mark" && texts.includes(token.text);
  }

  string(): string | null {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "string") return null;
    this.#at++;
    return token.text;
  }

  any(): Token | null {
    return this.#tokens[this.#at++] ?? null;
  }
}

/** `(format csv, header, delimiter ';')` */
function listed(read: TokenReader, found: Map<string, string>): boolean {
  do {
    const name = read.any();
    if (name?.kind !== "word") return false;
    let value = "true";
    if (read.mark("(")) {
      // A list of columns, as of `force_quote`: nothing that splits rows.
      while (!read.mark(")")) if (read.any() === null) return false;
    } else if (!read.atMark(",", ")")) {
      const token = read.any();
      if (token === null || (token.kind === "mark" && token.text !== "*")) return false;
      value = token.text;
    }
    found.set(name.text, value);
  } while (read.mark(","));
  return read.mark(")");
}

/** `csv header delimiter as ';'` */
function spoken(read: TokenReader, found: Map<string, string>): boolean {
  while (!read.done) {
    if (read.word("binary")) found.set("format", "binary");
    else if (read.word("csv")) found.set("format", "csv");
    else if (read.word("header")) found.set("header", "true");
    else if (read.word("force")) {
      if (!read.word("quote")) return false;
      if (read.mark("*")) continue;
      do if (read.any()?.kind !== "word") return false;
      while (read.mark(","));
    } else {
      const name = ["delimiter", "delimiters", "null", "quote", "escape", "encoding"].find((word) => read.word(word));
      if (name === undefined) return false;
      read.word("as");
      const value = read.string();
      if (value === null) return false;
      found.set(name === "delimiters" ? "delimiter" : name, value);
    }
  }
  return true;
}

const known = new Set([
  "format",
  "delimiter",
  "null",
  "quote",
  "escape",
  "header",
  "force_quote",
  "encoding",
  "freeze",
]);

function optionsFrom(found: ReadonlyMap<string, string>): CopyOptions | null {
  for (const name of found.keys()) if (!known.has(name)) return null;
  const format = (found.get("format") ?? "text").toLowerCase();
  if (format !== "text" && format !== "csv" && format !== "binary") return null;
  const header = (found.get("header") ?? "false").toLowerCase();
  if (!["true", "false", "on", "off", "1", "0", "match"].includes(header)) return null;
  const quote = found.get("quote") ?? '"';
  const encoding = found.get("encoding");
  if (encoding !== undefined && isUnsafeEncoding(encoding)) return null;
  const options: CopyOptions = {
    format,
    delimiter: found.get("delimiter") ?? (format === "csv" ? "," : "\t"),
    nullText: found.get("null") ?? (format === "csv" ? "" : "\\N"),
    quote,
    escape: found.get("escape") ?? quote,
    header: header === "true" || header === "on" || header === "1" || header === "match",
  };
  const single = [options.delimiter, options.quote, options.escape];
  return single.every((text) => /^[\x01-\x7f]$/.test(text)) ? options : null;
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === "word" && token.text === text;
}
