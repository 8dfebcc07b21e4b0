import { trait } from "../scan/traits.js";
import type { Detector, Found } from "./detector.js";

const maxLocal = 64;
const maxDomain = 255;

/** An address with a domain of two labels or more, or in brackets; letters beyond ASCII count as letters. */
export const email: Detector = {
  name: "email",
  finds: "E-mail addresses with a domain of at least two labels, letters beyond ASCII included.",
  needs: trait.at,
  prefilters: [],
  set: "numbers",
  partial: "email",
  token: "email",
  find: findEmails,
};

function findEmails(text: string, found: Found): void {
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const start = localStart(text, at, from);
    if (start === at) continue;
    const end = domainEnd(text, at + 1);
    if (end < 0) continue;
    found(start, end);
    from = end;
  }
}

function localStart(text: string, at: number, from: number): number {
  const first = Math.max(from, at - maxLocal);
  let start = at;
  while (start > first) {
    const length = localLength(text, start);
    if (length === 0 || start - length < first) break;
    start -= length;
  }
  // Scripts that are written without blanks would join the address with the words before it; without any ASCII they are it.
  if (start === at) while (start > first && text.charCodeAt(start - 1) >= 0x80) start--;
  // A dot begins no address, but it ends a sentence.
  while (start < at && text.charCodeAt(start) === 0x2e) start++;
  return start;
}

/** Where the domain that begins here ends; -1: it is none. */
function domainEnd(text: string, from: number): number {
  const last = Math.min(text.length, from + maxDomain);
  let end = from;
  let dots = 0;
  let label = 0;
  let good = -1;
  let foreign = false;
  for (; end < last; end++) {
    const code = text.charCodeAt(end);
    // Scripts that are written without blanks: a name of theirs, or the words behind a name in ASCII.
    if (code >= 0xe0) foreign ||= label === 0;
    if (isLabel(code) || (foreign && code >= 0x80)) {
      label++;
      // A top-level domain has two characters or more.
      if (dots > 0 && label >= 2) good = end + 1;
    } else if (code === 0x2e && label > 0) {
      dots++;
      label = 0;
      foreign = false;
    } else if (code === 0x2d && label > 0) label++;
    else break;
  }
  return good;
}

/** Bytes of letters from Latin to Arabic (two bytes in UTF-8). */
const isLetterByte = (code: number) => code >= 0x80 && code <= 0xdf;

/** How many bytes before `end` are one more character of a local part; 0: none. */
function localLength(text: string, end: number): 0 | 1 | 2 {
  const code = text.charCodeAt(end - 1);
  if (code < 0x80) return isLocal(code) ? 1 : 0;
  // A letter of an encoding with one byte a letter: nothing of UTF-8 follows it.
  if (code >= 0xc0) return 1;
  const lead = text.charCodeAt(end - 2);
  return lead >= 0xc2 && lead <= 0xdf ? 2 : 0;
}

function isLabel(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    isLetterByte(code)
  );
}

const marks = new Set([..."._%+-'!#$*~^`|?"].map((mark) => mark.charCodeAt(0)));

const isLocal = (code: number) => isLabel(code) || marks.has(code);
