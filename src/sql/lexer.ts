/** Kinds of PostgreSQL tokens, as far as anybody here needs to tell them apart. */
export type TokenKind = "word" | "name" | "string" | "number" | "parameter" | "operator" | "mark" | "comment";

/** Takes a token: its kind and its range in the text. */
export type TakeToken = (kind: TokenKind, start: number, end: number) => void;

/**
 * Splits a text into tokens the way PostgreSQL's scanner does with `standard_conforming_strings` on; white space is left out. Says
 * false when the text ends inside of a token: nothing after that point can be trusted.
 *
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export function scanTokens(text: string, take: TakeToken): boolean {
  const end = text.length;
  let at = 0;
  while (at < end) {
    const start = at;
    const code = text.charCodeAt(at);
    if (isSpace(code)) {
      at += 1;
    } else if (isWordStart(code)) {
      at = endOfWord(text, at);
      // A prefix belongs to the string only when nothing stands between them.
      const quoted = prefixedEnd(text, start, at);
      if (quoted === null) take("word", start, at);
      else {
        if (quoted.end < 0) return false;
        at = quoted.end;
        take(quoted.kind, start, at);
      }
    } else if (code === quote) {
      at = endOfString(text, at, endOfDoubled);
      if (at < 0) return false;
      take("string", start, at);
    } else if (code === doubleQuote) {
      at = endOfQuoted(text, at, doubleQuote);
      if (at < 0) return false;
      take("name", start, at);
    } else if (code === dollar) {
      const tag = dollarTag(text, at);
      if (tag !== null) {
        const close = text.indexOf(tag, at + tag.length);
        if (close < 0) return false;
        at = close + tag.length;
        take("string", start, at);
      } else {
        at += 1;
        while (at < end && isDigit(text.charCodeAt(at))) at += 1;
        take(at === start + 1 ? "mark" : "parameter", start, at);
      }
    } else if (isDigit(code) || (code === dot && isDigit(text.charCodeAt(at + 1)))) {
      at = endOfNumber(text, at);
      take("number", start, at);
    } else if (code === dash && text.charCodeAt(at + 1) === dash) {
      at = endOfLine(text, at);
      take("comment", start, at);
    } else if (code === slash && text.charCodeAt(at + 1) === star) {
      at = endOfComment(text, at);
      if (at < 0) return false;
      take("comment", start, at);
    } else if (isOperator(code)) {
      at = endOfOperator(text, at);
      take("operator", start, at);
    } else {
      // `..` is one token: what follows it is a number of its own.
      at += code === dot && text.charCodeAt(at + 1) === dot ? 2 : 1;
      take("mark", start, at);
    }
  }
  return true;
}

const quote = 39;
const doubleQuote = 34;
const dollar = 36;
const dot = 46;
const dash = 45;
const slash = 47;
const star = 42;
const backslash = 92;
const operators = new Set([..."~!@#^&|`?+-*/%<>="].map((char) => char.charCodeAt(0)));

export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Every byte over 127 is a letter to PostgreSQL, whatever the character looks like. */
export function isWordStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code > 127;
}

export function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code) || code === dollar;
}

function isOperator(code: number): boolean {
  return operators.has(code);
}

function endOfWord(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && isWordPart(text.charCodeAt(at))) at += 1;
  return at;
}

/** `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`. An end of -1 is a token that does not end. */
function prefixedEnd(text: string, start: number, at: number): { kind: "string" | "name"; end: number } | null {
  if (at !== start + 1) return null;
  const letter = text[start]?.toLowerCase() ?? "";
  const next = text.charCodeAt(at);
  if (letter === "u" && next === 38) {
    const after = text.charCodeAt(at + 1);
    if (after === quote) return { kind: "string", end: endOfString(text, at + 1, endOfDoubled) };
    if (after === doubleQuote) return { kind: "name", end: endOfQuoted(text, at + 1, doubleQuote) };
    return null;
  }
  if (next !== quote) return null;
  if (letter === "e") return { kind: "string", end: endOfString(text, at, endOfEscaped) };
  if (letter === "b" || letter === "x") return { kind: "string", end: endOfString(text, at, endOfDigits) };
  return letter === "n" ? { kind: "string", end: endOfString(text, at, endOfDoubled) } : null;
}

/** The end of a string with all of its continuations: strings with a line break between them are one. */
function endOfString(text: string, from: number, endOf: (text: string, from: number) => number): number {
  let at = from;
  for (;;) {
    at = endOf(text, at);
    if (at < 0) return -1;
    const next = continuation(text, at);
    if (next < 0) return at;
    at = next;
  }
}

function endOfQuoted(text: string, from: number, mark: number): number {
  const char = String.fromCharCode(mark);
  let at = from + 1;
  for (;;) {
    at = text.indexOf(char, at);
    if (at < 0) return -1;
    if (text.charCodeAt(at + 1) !== mark) return at + 1;
    at += 2;
  }
}

function endOfDoubled(text: string, from: number): number {
  return endOfQuoted(text, from, quote);
}

/** In strings of bits no quote can be doubled. */
function endOfDigits(text: string, from: number): number {
  const close = text.indexOf("'", from + 1);
  return close < 0 ? -1 : close + 1;
}

function endOfEscaped(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === backslash) at += 1;
    else if (code === quote) {
      if (text.charCodeAt(at + 1) !== quote) return at + 1;
      at += 1;
    }
  }
  return -1;
}

function continuation(text: string, from: number): number {
  let lines = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13) lines += 1;
    // Line comments may stand between, once a line has ended.
    else if (lines > 0 && code === dash && text.charCodeAt(at + 1) === dash) at = endOfLine(text, at) - 1;
    else if (!isSpace(code)) return code === quote && lines > 0 ? at : -1;
  }
  return -1;
}

function dollarTag(text: string, from: number): string | null {
  let at = from + 1;
  if (isDigit(text.charCodeAt(at))) return null;
  while (at < text.length && (isWordStart(text.charCodeAt(at)) || isDigit(text.charCodeAt(at)))) at += 1;
  return text.charCodeAt(at) === dollar ? text.slice(from, at + 1) : null;
}

function endOfNumber(text: string, from: number): number {
  let at = from;
  const digits = () => {
    while (
      at < text.length &&
      (isDigit(text.charCodeAt(at)) || (text.charCodeAt(at) === 95 && isDigit(text.charCodeAt(at + 1))))
    )
      at += 1;
  };
  const radix = text.charCodeAt(from) === 48 ? (text[from + 1]?.toLowerCase() ?? "") : "";
  if ("xob".includes(radix) && radix !== "" && /[0-9a-f_]/i.test(text[from + 2] ?? "")) {
    at += 2;
    while (at < text.length && /[0-9a-f_]/i.test(text[at] ?? "")) at += 1;
    return at;
  }
  digits();
  // `1..10` is a number, two dots, a number.
  if (text.charCodeAt(at) === dot && text.charCodeAt(at + 1) !== dot) {
    at += 1;
    digits();
  }
  if ((text.charCodeAt(at) | 32) === 101) {
    const sign = text[at + 1] === "+" || text[at + 1] === "-" ? 2 : 1;
    if (isDigit(text.charCodeAt(at + sign))) {
      at += sign;
      digits();
    }
  }
  return at;
}

function endOfLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== 10 && text.charCodeAt(at) !== 13) at += 1;
  return at;
}

/** Comments nest. */
function endOfComment(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text.charCodeAt(at) === slash && text.charCodeAt(at + 1) === star) {
      depth += 1;
      at += 1;
    } else if (text.charCodeAt(at) === star && text.charCodeAt(at + 1) === slash) {
      depth -= 1;
      at += 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** An operator ends where a comment starts. */
function endOfOperator(text: string, from: number): number {
  let at = from;
  while (at < text.length && isOperator(text.charCodeAt(at))) {
    const next = text.charCodeAt(at + 1);
    if (at > from && text.charCodeAt(at) === dash && next === dash) break;
    if (at > from && text.charCodeAt(at) === slash && next === star) break;
    at += 1;
  }
  return at;
}
