import { countrySpecs, isValidIBAN } from "ibantools";
import { trait } from "../scan/traits.js";
import type { Detector, Found } from "./detector.js";

const begins = /(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?=[ -]?[A-Za-z0-9])/g;
const between = /[ -]/;
const allowed = /[A-Za-z0-9]/;

/** Account numbers of every country that has an IBAN: its length, its form and the check of ISO 7064. */
export const iban: Detector = {
  name: "iban",
  cost: 3,
  finds: "IBANs of every country that has them, in groups or not, by length, form and checksum.",
  needs: trait.digits,
  prefilters: ["[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{4}[ -]?[A-Za-z0-9]{3}"],
  set: "numbers",
  partial: "text",
  token: "text",
  find: findIbans,
};

function findIbans(text: string, found: Found): void {
  begins.lastIndex = 0;
  for (let match = begins.exec(text); match !== null; match = begins.exec(text)) {
    const end = ibanEnd(text, match.index);
    if (end < 0) continue;
    found(match.index, end);
    begins.lastIndex = end;
  }
}

function ibanEnd(text: string, start: number): number {
  const country = text.slice(start, start + 2).toUpperCase();
  const length = Object.hasOwn(countrySpecs, country)
    ? countrySpecs[country as keyof typeof countrySpecs]?.chars
    : null;
  if (!length) return -1;
  let digits = "";
  let at = start;
  for (; at < text.length && digits.length < length; at++) {
    const character = text[at]!;
    if (allowed.test(character)) digits += character;
    // Never two marks in a row.
    else if (!between.test(character) || !allowed.test(text[at - 1]!)) return -1;
  }
  if (digits.length !== length || (at < text.length && allowed.test(text[at]!))) return -1;
  const electronic = digits.toUpperCase();
  return mod97(electronic) === 1 && isValidIBAN(electronic) ? at : -1;
}

/** ISO 7064 (MOD 97,10) of a number whose first four characters stand at its end: cheaper than all the rest, and seldom true. */
function mod97(iban: string): number {
  let rest = 0;
  for (let i = 4; i < iban.length + 4; i++) {
    const code = iban.charCodeAt(i % iban.length);
    rest = code < 0x41 ? (rest * 10 + code - 0x30) % 97 : (rest * 100 + code - 0x37) % 97;
  }
  return rest;
}
