import { trait } from "../scan/traits.js";
import { isLuhn } from "./checksums.js";
import type { Detector, Found } from "./detector.js";
import { elevenDigits } from "./national-id.js";

/** Beginnings of numbers by issuer, with the lengths that they give out. */
const issuers: readonly (readonly [pattern: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 18, 19]],
  [/^5[1-5]|^2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|095|6|[89])/, [14, 15, 16, 17, 18, 19]],
  [/^6(?:011|4[4-9]|5)/, [16, 17, 18, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^(?:5[06-9]|6[0378])/, [12, 13, 14, 15, 16, 17, 18, 19]],
  [/^220[0-4]/, [16, 17, 18, 19]],
];

const minDigits = 12;
const maxDigits = 19;

/** Numbers of payment cards: an issuer's beginning and length, and the Luhn check. Blanks or dashes between groups. */
export const card: Detector = {
  name: "card",
  finds: "Numbers of payment cards: 12 to 19 digits that begin as an issuer's do and pass the Luhn check.",
  needs: trait.digits,
  prefilters: [elevenDigits],
  set: "numbers",
  partial: "card",
  token: "card",
  find: findCards,
};

const groups = /[0-9]+/g;

function findCards(text: string, found: Found): void {
  const starts: number[] = [];
  const ends: number[] = [];
  const flush = () => {
    if (starts.length > 0) findInRow(text, starts, ends, found);
    starts.length = 0;
    ends.length = 0;
  };
  groups.lastIndex = 0;
  for (let match = groups.exec(text); match !== null; match = groups.exec(text)) {
    const previous = ends[ends.length - 1];
    if (previous !== undefined && !(match.index === previous + 1 && /[ -]/.test(text[previous]!))) flush();
    starts.push(match.index);
    ends.push(match.index + match[0].length);
    // A row is looked at from each group, up to 19 digits on: kept short, it may begin again with what is left.
    if (starts.length >= 64) {
      const keep = maxDigits;
      findInRow(text, starts, ends, found);
      starts.splice(0, starts.length - keep);
      ends.splice(0, ends.length - keep);
    }
  }
  flush();
}

/** Groups of digits with one blank or dash between them: any that stand together may be a number. */
function findInRow(text: string, starts: readonly number[], ends: readonly number[], found: Found): void {
  for (let first = 0; first < starts.length; first++) {
    let digits = "";
    let hit = -1;
    for (let last = first; last < starts.length; last++) {
      const length = ends[last]! - starts[last]!;
      if (digits.length + length > maxDigits) break;
      digits += text.slice(starts[last], ends[last]);
      if (digits.length >= minDigits && isCard(digits) && stands(text, starts[first]!, ends[last]!)) hit = last;
    }
    if (hit < 0) continue;
    found(starts[first]!, ends[hit]!);
    first = hit;
  }
}

function isCard(digits: string): boolean {
  const known = issuers.some(([pattern, lengths]) => lengths.includes(digits.length) && pattern.test(digits));
  return known && isLuhn(digits) && !/^(.)\1+$/.test(digits);
}

/** Neither part of a word nor of a decimal number. */
function stands(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  const after = text.slice(end, end + 2);
  return !/[A-Za-z]$|[0-9]\.$/.test(before) && !/^[A-Za-z]|^\.[0-9]/.test(after);
}
