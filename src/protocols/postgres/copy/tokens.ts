/** A token of SQL: an unquoted word in lower case, a quoted name, a string's value, or any other mark. */
export interface Token {
  readonly kind: "word" | "name" | "string" | "mark";
  readonly text: string;
}

const space = /[ \t\n\r\f\v]+/y;
const lineComment = /--[^\n\r]*/y;
const word = /[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*/iy;
const number = /[0-9][0-9a-z_.]*/iy;
const name = /"((?:[^"]|"")*)"/y;
const string = /'((?:[^']|'')*)'/y;
const escapeString = /e'((?:[^'\\]|''|\\[^])*)'/iy;
const dollar = /\$([a-z_\u0080-\uffff][a-z0-9_\u0080-\uffff]*)?\$/iy;

/** The tokens of a text, with `standard_conforming_strings` on. Null: something that this little reader does not know. */
export function tokenize(text: string): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at += match[0].length;
    return match;
  };
  while (at < text.length) {
    if (take(space) !== null || take(lineComment) !== null) continue;
    if (text.startsWith("/*", at)) {
      const end = commentEnd(text, at);
      if (end < 0) return null;
      at = end;
      continue;
    }
    let match: RegExpExecArray | null;
    if ((match = take(escapeString)) !== null) {
      const value = unescapeString(match[1]!);
      if (value === null) return null;
      tokens.push({ kind: "string", text: value });
    } else if (/^u&['"]/i.test(text.slice(at, at + 3))) return null;
    else if ((match = take(dollar)) !== null) {
      const end = text.indexOf(match[0], at);
      if (end < 0) return null;
      tokens.push({ kind: "string", text: text.slice(at, end) });
      at = end + match[0].length;
    } else if ((match = take(word)) !== null) tokens.push({ kind: "word", text: match[0].toLowerCase() });
    else if ((match = take(number)) !== null) tokens.push({ kind: "mark", text: match[0] });
    else if ((match = take(name)) !== null) tokens.push({ kind: "name", text: match[1]!.replaceAll('""', '"') });
    else if ((match = take(string)) !== null) tokens.push({ kind: "string", text: match[1]!.replaceAll("''", "'") });
    else tokens.push({ kind: "mark", text: text[at++]! });
  }
  return tokens;
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

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function unescapeString(text: string): string | null {
  // Numeric escapes are left to those who need them: such a COPY is not split.
  if (/\\[0-7xuU]/.test(text)) return null;
  return text.replaceAll("''", "'").replaceAll(/\\([^])/g, (_, letter: string) => escapes[letter] ?? letter);
}
