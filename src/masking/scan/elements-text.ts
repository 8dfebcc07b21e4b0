import type { Scanned } from "./replace.js";

/** What would have to be quoted in an array or a row. */
const special = /[\s"'\\{}(),]|^$|^null$/i;

/** What may be shown in place of part of an unquoted element. */
export const plainElement = (shown: string | null): string => (shown === null || special.test(shown) ? "***" : shown);

/**
 * Looks at the elements of an array or row in PostgreSQL's text form (`{a,"b c"}`, `(1,"x ""y""")`): quoted ones with their
 * escapes decoded, what is between them as it stands.
 *
 * @param inside Looks at one quoted element, as the value that it is.
 * @param between Looks at a run of unquoted elements; what it shows needs no quotes.
 */
export function scanElements(
  text: string,
  inside: (text: string) => Scanned,
  between: (text: string) => Scanned,
): Scanned {
  let out = "";
  let changed = false;
  const quote = text.startsWith("(") ? quoteInRow : quoteInArray;
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf('"', at);
    const plain = text.slice(at, open < 0 ? text.length : open);
    const shown = between(plain);
    changed ||= shown !== undefined;
    out += shown === undefined ? plain : (shown ?? "");
    if (open < 0) break;
    const close = quotedEnd(text, open + 1);
    const quoted = text.slice(open, close);
    const value = inside(unquote(quoted));
    changed ||= value !== undefined;
    out += value === undefined ? quoted : quote(value ?? "***");
    at = close;
  }
  return changed ? out : undefined;
}

/** Behind the quote that closes; the end of the text when none does. */
function quotedEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) {
      if (text.charCodeAt(at + 1) !== 0x22) return at + 1;
      at++;
    }
  }
  return text.length;
}

const unquote = (quoted: string): string =>
  quoted
    .slice(1, quoted.endsWith('"') ? -1 : undefined)
    .replaceAll(/\\([\s\S])|""/g, (_, character?: string) => character ?? '"');

const quoteInArray = (value: string): string => `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
const quoteInRow = (value: string): string => `"${value.replaceAll(/["\\]/g, "$&$&")}"`;
