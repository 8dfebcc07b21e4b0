import { trait } from "../scan/traits.js";
import type { Detector, Found } from "./detector.js";

const begins = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const ends = "-----END ";
/** Longer than any key in use; behind it something else must have begun. */
const maxLength = 65_536;

/** Private keys in PEM, with their lines or in one. A key without its end is one up to the end of the text. */
export const privateKey: Detector = {
  name: "private-key",
  finds: "Private keys in PEM or OpenPGP armour, from BEGIN to END (to the end of the text where END is missing).",
  needs: trait.dashes,
  prefilters: [],
  set: "tokens",
  partial: "text",
  token: "text",
  lines: true,
  find: findKeys,
};

function findKeys(text: string, found: Found): void {
  begins.lastIndex = 0;
  for (let match = begins.exec(text); match !== null; match = begins.exec(text)) {
    const end = keyEnd(text, begins.lastIndex);
    found(match.index, end);
    begins.lastIndex = end;
  }
}

function keyEnd(text: string, from: number): number {
  const last = Math.min(text.length, from + maxLength);
  const end = text.slice(from, last).indexOf(ends);
  if (end < 0) return last;
  // `-----END RSA PRIVATE KEY-----`
  const close = text.indexOf("-----", from + end + ends.length);
  const label = from + end + ends.length + 64;
  return close < 0 || close > label ? Math.min(last, label) : close + 5;
}
