import { isDigit, isSpace, isWordPart, isWordStart } from "./lexer.js";

/** Longer texts are known whole only: taking their shape would cost more than it saves. */
const maxShaped = 32_768;

const quote = 39;
const doubleQuote = 34;
const dollar = 36;
const dot = 46;
const dash = 45;
const slash = 47;
const star = 42;
const backslash = 92;

/**
 * The text with plain strings and plain numbers made equal: texts of one shape are the same to the parser but for the values of those
 * literals. Null when that could not be said with certainty: anything beside plain words, names, strings and numbers is in it.
 *
 * @example cacheShape("select * from t where a = 'x' and b < 10") // "select * from t where a = '' and b < 0"
 */
export function cacheShape(text: string): string | null {
  const end = text.length;
  if (end > maxShaped) return null;
  let shape = "";
  let last = 0;
  let at = 0;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (isWordStart(code)) {
      at = wordEnd(text, at);
      if (at < 0) return null;
    } else if (code === quote) {
      const close = stringEnd(text, at);
      if (close < 0) return null;
      shape += `${text.slice(last, at)}''`;
      at = close;
      last = close;
    } else if (isDigit(code)) {
      const close = numberEnd(text, at);
      if (close < 0) return null;
      shape += text.slice(last, at) + numberClass(text, at, close);
      at = close;
      last = close;
    } else if (code === doubleQuote) {
      at = nameEnd(text, at);
      if (at < 0) return null;
    } else if (code === dollar) {
      at = parameterEnd(text, at);
      if (at < 0) return null;
    } else {
      // Comments, escapes, numbers that start with a dot, NUL and whatever else a keyboard does not write.
      const next = text.charCodeAt(at + 1);
      if (code === backslash || (code === dash && next === dash) || (code === slash && next === star)) return null;
      if ((code === dot && isDigit(next)) || (code < 32 && code !== 9 && code !== 10 && code !== 13)) return null;
      at += 1;
    }
  }
  return shape + text.slice(last);
}

/** A word of plain letters that is no prefix of a string; -1 otherwise. */
function wordEnd(text: string, from: number): number {
  let at = from;
  let code = text.charCodeAt(at);
  while (isWordPart(code)) {
    // Letters that only look like others, and words with a dollar.
    if (code > 127 || code === dollar) return -1;
    at += 1;
    code = text.charCodeAt(at);
  }
  // E'…', U&'…', U&"…"
  if (code === quote || code === doubleQuote) return -1;
  return code === 38 && at === from + 1 && (text.charCodeAt(from) | 32) === 117 ? -1 : at;
}

/** The end of a plain string that does not go on after a line break; -1 otherwise. */
function stringEnd(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    // The text is over, or a half of a character stands alone.
    if (Number.isNaN(code) || code === 0 || code === backslash) return -1;
    if (code >= 0xd800 && code <= 0xdfff) {
      const next = text.charCodeAt(at + 1);
      if (code > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return -1;
      at += 2;
      continue;
    }
    at += 1;
    if (code !== quote) continue;
    if (text.charCodeAt(at) !== quote) break;
    at += 1;
  }
  for (let next = at; next < text.length; next += 1) {
    const code = text.charCodeAt(next);
    if (code === quote) return -1;
    if (!isSpace(code)) break;
  }
  return at;
}

/** The end of `12` or `12.5`, standing alone; -1 otherwise. */
function numberEnd(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  if (text.charCodeAt(at) === dot) {
    at += 1;
    const fraction = at;
    while (isDigit(text.charCodeAt(at))) at += 1;
    if (at === fraction) return -1;
  }
  const code = text.charCodeAt(at);
  return isWordPart(code) || code === dot || code === quote || code === doubleQuote ? -1 : at;
}

/** Numbers that fit into 32 bits are another token to the grammar than the rest. */
function numberClass(text: string, from: number, to: number): string {
  const length = to - from;
  if (length < 10) return text.slice(from, to).includes(".") ? "0.0" : "0";
  const digits = text.slice(from, to);
  return digits.includes(".") || Number(digits) > 2147483647 ? "0.0" : "0";
}

function nameEnd(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (!(code < 128) || code === backslash || code === 0) return -1;
    at += 1;
    if (code !== doubleQuote) continue;
    if (text.charCodeAt(at) !== doubleQuote) break;
    at += 1;
  }
  // A name right before a string or another name is nothing a person writes.
  const next = text.charCodeAt(at);
  return next === quote || isWordStart(next) ? -1 : at;
}

/** The end of `$1`; a dollar quote is -1. */
function parameterEnd(text: string, from: number): number {
  let at = from + 1;
  while (isDigit(text.charCodeAt(at))) at += 1;
  const code = text.charCodeAt(at);
  return at === from + 1 || isWordPart(code) || code === dot ? -1 : at;
}
