import { type Cursor, Unreadable } from "./cursor.js";

const plain: Readonly<Record<string, string>> = {
  ...{ n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", e: "\x1b", E: "\x1b", f: "\f", v: "\v" },
  ...{ "\\": "\\", '"': '"', "?": "?" },
};

/**
 * `$'…'` as bash reads it. Shells without it take the quote for a plain one, so an escaped quote inside would end elsewhere: that
 * is refused.
 */
export function ansiText(cursor: Cursor): string {
  cursor.take();
  let text = "";
  for (;;) {
    if (cursor.atEnd) throw new Unreadable("a quote that is never closed");
    const next = cursor.take();
    if (next === "'") return text;
    text += next === "\\" ? escaped(cursor) : next;
  }
}

function escaped(cursor: Cursor): string {
  if (cursor.peek() === "'") throw new Unreadable("a quote that shells end in different places");
  const code = /^(?:x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3})/.exec(cursor.ahead(9))?.[0];
  if (code !== undefined) {
    cursor.skip(code.length);
    const value = /^[0-7]/.test(code) ? Number.parseInt(code, 8) & 0xff : Number.parseInt(code.slice(1), 16);
    // A NUL ends the text in bash; a lone byte above ASCII is half of a character.
    if (value === 0 || value > 0x10ffff || (!/^[uU]/.test(code) && value > 0x7f))
      throw new Unreadable("a character that could not be read");
    return String.fromCodePoint(value);
  }
  const known = plain[cursor.peek()];
  if (known === undefined) throw new Unreadable("an escape that could not be read");
  cursor.take();
  return known;
}
