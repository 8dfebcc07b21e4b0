import { trait } from "../scan/traits.js";
import { type Detector, digitsOf, type Found } from "./detector.js";
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

/** Numbers whose issuer is looked up in one text; what passes the Luhn check behind them is taken for a card. */
const maxLookedUp = 4_096;
const minDigits = 12;
const maxDigits = 19;

/** Numbers of payment cards: an issuer's beginning and length, and the Luhn check. Blanks or dashes between groups. */
export const card: Detector = {
  name: "card",
  cost: 4,
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
  const budget = { lookedUp: 0 };
  const flush = () => {
    if (starts.length > 0) findInRow(text, starts, ends, budget, found);
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
      findInRow(text, starts, ends, budget, found);
      starts.splice(0, starts.length - keep);
      ends.splice(0, ends.length - keep);
    }
  }
  flush();
}

/** Groups of digits with one blank or dash between them: any that stand together may be a number. */
function findInRow(
  text: string,
  starts: readonly number[],
  ends: readonly number[],
  budget: { lookedUp: number },
  found: Found,
): void {
  for (let first = 0; first < starts.length; first++) {
    // No issuer begins otherwise.
    const begin = text.charCodeAt(starts[first]!);
    if (begin < 0x32 || begin > 0x36) continue;
    let length = 0;
    // Luhn's sums as if the first digit counted double, and as if it did not: which one holds depends on the length.
    let double = 0;
    let single = 0;
    let hit = -1;
    for (let last = first; last < starts.length; last++) {
      const start = starts[last]!;
      const end = ends[last]!;
      if (length + end - start > maxDigits) break;
      for (let i = start; i < end; i++, length++) {
        const digit = text.charCodeAt(i) - 0x30;
        const twice = digit < 5 ? 2 * digit : 2 * digit - 9;
        double += length % 2 === 0 ? twice : digit;
        single += length % 2 === 0 ? digit : twice;
      }
      const sum = length % 2 === 0 ? double : single;
      if (length < minDigits || sum % 10 !== 0) continue;
      const known = ++budget.lookedUp > maxLookedUp || isIssued(digitsOf(text.slice(starts[first], end)));
      if (known && stands(text, starts[first]!, end)) hit = last;
    }
    if (hit < 0) continue;
    found(starts[first]!, ends[hit]!);
    first = hit;
  }
}

function isIssued(digits: string): boolean {
  return (
    issuers.some(([pattern, lengths]) => lengths.includes(digits.length) && pattern.test(digits)) &&
    !/^(.)\1+$/.test(digits)
  );
}

/** Neither part of a word nor of a decimal number. */
function stands(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  const after = text.slice(end, end + 2);
  return !/[A-Za-z]$|[0-9]\.$/.test(before) && !/^[A-Za-z]|^\.[0-9]/.test(after);
}
