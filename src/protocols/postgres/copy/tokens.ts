/** A token of SQL: an unquoted word in lower case, a quoted name, a string's value, or any other mark. */
export interface Token {
  readonly kind: "word" | "name" | "string" | "mark";
  readonly text: string;
}

type Rule = readonly [pattern: RegExp, token: (match: RegExpExecArray) => Token | null];

const letter = "a-z_\\u0080-\\uffff";

/** In this order: an escape string and `U&` begin like a word. */
const rules: readonly Rule[] = [
  [/e'((?:[^'\\]|''|\\[\s\S])*)'/iy, (match) => string(unescapeString(match[1]!))],
  [/u&['"]/iy, () => null],
  [new RegExp(`[${letter}][${letter}0-9$]*`, "iy"), (match) => ({ kind: "word", text: match[0].toLowerCase() })],
  [/[0-9][0-9a-z_.]*/iy, (match) => ({ kind: "mark", text: match[0] })],
  [/"((?:[^"]|"")*)"/y, (match) => ({ kind: "name", text: match[1]!.replaceAll('""', '"') })],
  [/'((?:[^']|'')*)'/y, (match) => string(match[1]!.replaceAll("''", "'"))],
  [new RegExp(`\\$((?:[${letter}][${letter}0-9]*)?)\\$([\\s\\S]*?)\\$\\1\\$`, "iy"), (match) => string(match[2]!)],
  // An unclosed quote is left over here.
  [/[^'"]/y, (match) => ({ kind: "mark", text: match[0] })],
];

const skipped: readonly RegExp[] = [/[ \t\n\r\f\v]+/y, /--[^\n\r]*/y];

/** The tokens of a text, with `standard_conforming_strings` on. Null: something that this little reader does not know. */
export function tokenize(text: string): Token[] | null {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const next = behindSpace(text, at);
    if (next < 0) return null;
    if (next > at) {
      at = next;
      continue;
    }
    const found = tokenAt(text, at);
    if (found === null) return null;
    tokens.push(found.token);
    at = found.end;
  }
  return tokens;
}

function tokenAt(text: string, at: number): { token: Token; end: number } | null {
  for (const [pattern, make] of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) continue;
    const token = make(match);
    return token === null ? null : { token, end: at + match[0].length };
  }
  return null;
}

/** Where the space or comment at this place ends; the place itself when there is none, -1 when a comment never ends. */
function behindSpace(text: string, at: number): number {
  for (const pattern of skipped) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return at + match[0].length;
  }
  return text.startsWith("/*", at) ? commentEnd(text, at) : at;
}

/** Comments nest. */
function commentEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; ) {
    if (text.startsWith("/*", at)) {
      depth++;
      at += 2;
    } else if (text.startsWith("*/", at)) {
      at += 2;
      if (--depth === 0) return at;
    } else at++;
  }
  return -1;
}

function string(text: string | null): Token | null {
  return text === null ? null : { kind: "string", text };
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function unescapeString(text: string): string | null {
  // Numeric escapes are left to those who need them: such a COPY is not split.
  if (/\\[0-7xuU]/.test(text)) return null;
  return text.replaceAll("''", "'").replaceAll(/\\([\s\S])/g, (_, escaped: string) => escapes[escaped] ?? escaped);
}
