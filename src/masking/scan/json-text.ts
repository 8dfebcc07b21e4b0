import { isNamedSecret } from "../detectors/secret.js";
import { binaryFrom, textFrom } from "./binary.js";
import type { Scanned } from "./replace.js";

export interface JsonScan {
  /** Looks at the value of one string or number. */
  readonly value: (text: string) => Scanned;
  /** Looks at the names of members too. */
  readonly keys: boolean;
  /** What a value whose member's name says that it is a secret is masked with; null: names say nothing. */
  readonly named: ((value: string) => string | null) | null;
}

/** What may stand between strings. */
const structure = /^[\s[\]{},:0-9eE+\-.truefalsn]*$/;
const numbers = /-?[0-9][0-9eE+\-.]*/g;
/** Shorter numbers are nothing that a detector finds. */
const shortNumber = 6;

/**
 * Looks at each string and number of a JSON text as a value, escapes decoded, and writes what is shown so that the text stays
 * JSON. `false`: it is no JSON. Goes through the text once and keeps no stack: depth costs nothing.
 */
export function scanJson(text: string, scan: JsonScan): Scanned | false {
  let out = "";
  let written = 0;
  let name = "";
  const put = (start: number, end: number, shown: string) => {
    out += text.slice(written, start) + shown;
    written = end;
  };
  for (let at = 0; ; ) {
    const open = text.indexOf('"', at);
    const between = text.slice(at, open < 0 ? text.length : open);
    if (!structure.test(between)) return false;
    if (between.length >= shortNumber) scanNumbers(between, at, scan, put);
    if (open < 0) break;
    const close = stringEnd(text, open + 1);
    if (close < 0) return false;
    const value = decode(text.slice(open + 1, close));
    const isName = /^\s*:/.test(text.slice(close + 1, close + 64));
    if (!isName || scan.keys) {
      const secret = !isName && scan.named !== null && name !== "" && isNamedSecret(name, value);
      const shown = secret ? scan.named!(value) : scan.value(value);
      if (shown !== undefined) put(open, close + 1, shown === null ? (isName ? '"***"' : "null") : encode(shown));
    }
    // The next value belongs to it, unless it is in an object or list of its own.
    name = isName ? value : "";
    at = close + 1;
  }
  return written === 0 ? undefined : out + text.slice(written);
}

function scanNumbers(
  between: string,
  at: number,
  scan: JsonScan,
  put: (start: number, end: number, shown: string) => void,
): void {
  for (const match of between.matchAll(numbers)) {
    if (match[0].length < shortNumber) continue;
    const shown = scan.value(match[0]);
    if (shown === undefined) continue;
    const start = at + match.index;
    // What is no number any more is a string.
    const isNumber = shown !== null && /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(shown);
    put(start, start + match[0].length, shown === null ? "null" : isNumber ? shown : encode(shown));
  }
}

/** Where the string that begins here ends; -1: nowhere. */
function stringEnd(text: string, from: number): number {
  for (let close = text.indexOf('"', from); close >= 0; close = text.indexOf('"', close + 1)) {
    let slashes = 0;
    while (text.charCodeAt(close - 1 - slashes) === 0x5c && close - slashes > from) slashes++;
    if (slashes % 2 === 0) return close;
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** The value of a string's inside. What is no escape by JSON stays, for others may read it more loosely. */
export function decode(inside: string): string {
  if (!inside.includes("\\")) return inside;
  const text = textFrom(inside).replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g,
    (_, hex: string | undefined, character: string) =>
      hex === undefined ? (escapes[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return binaryFrom(text);
}

const encode = (value: string): string => binaryFrom(JSON.stringify(textFrom(value)));
