import { type CountryCode, parsePhoneNumberFromString } from "libphonenumber-js";
import { trait } from "../scan/traits.js";
import { type Detector, digitsOf, type Found } from "./detector.js";

/** `+` or `00`, a country, and digits in groups. */
const international = /(?<![A-Za-z0-9+])(?:\+|00)[1-9](?:[ .()/-]{0,2}[0-9]){6,14}(?![0-9])/g;
/** As written in North America. */
const american =
  /(?<![A-Za-z0-9.+-])(?:1[-. ])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}(?![A-Za-z0-9-])/g;
/** Behind a word that says so. */
const named =
  /(?<![A-Za-z])(?:tele?(?:fon|phone)?|phone|mobile?|mobiltelefon|cell|fax|whatsapp|handy)(?:[ _-]?(?:number|no|nr|nummer))?[."']{0,2}[ \t]{0,2}[:=#]?[ \t"']{0,3}(\(?[0-9](?:[ .()/-]{0,2}[0-9]){5,14})(?![0-9])/gi;

/** Numbers that the library looks at in one text; what comes behind is taken for what it looks like. */
const maxParsed = 256;

/** Shorter numbers behind a word are extensions, rooms and times. */
const minNamed = 9;
const minGroups = 7;

/** Phone numbers that say what they are: with their country, as North America writes them, or named by a word before them. */
export const phone: Detector = {
  name: "phone",
  cost: 3,
  finds:
    "Phone numbers with their country (+ or 00), as written in North America, or of nine digits and more behind a word such as “phone”.",
  needs: trait.digits,
  prefilters: [
    "(?:\\+|00)[1-9][ .()/-]*[0-9][ .()/-]*[0-9][ .()/-]*[0-9][ .()/-]*[0-9]",
    "[0-9]{3}[).\\- ] ?[0-9]{3}[.\\- ][0-9]{4}",
    "(?i)(?:tel|phone|fon|mobil|cell|fax|whatsapp|handy)[a-z _.\"'\\t:=#-]*\\(?[0-9][ .()/-]*[0-9][ .()/-]*[0-9]",
  ],
  set: "numbers",
  partial: "phone",
  token: "text",
  find: findPhones,
};

function findPhones(text: string, found: Found): void {
  let parsed = 0;
  const isPossible = (number: string, country?: CountryCode) => {
    if (++parsed > maxParsed) return true;
    return parsePhoneNumberFromString(number, country)?.isPossible() === true;
  };
  const search = (pattern: RegExp, country?: CountryCode) => {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      // The digits of what comes behind may have been taken in with it.
      let number = match[0];
      while (number !== "" && !isPossible(number.replace(/^00/, "+"), country)) number = withoutLastGroup(number);
      if (number !== "") found(match.index, match.index + number.length);
      pattern.lastIndex = match.index + Math.max(1, number.length);
    }
  };
  search(international);
  search(american, "US");
  named.lastIndex = 0;
  for (let match = named.exec(text); match !== null; match = named.exec(text)) {
    const number = match[1]!;
    const end = match.index + match[0].length;
    if (digitsOf(number).length >= minNamed) found(end - number.length, end);
  }
}

/** Shorter by its last group of digits; empty when what is left is no number any more. */
function withoutLastGroup(number: string): string {
  const shorter = number.replace(/[ .()/-]+[0-9]+$/, "");
  return shorter === number || digitsOf(shorter).length < minGroups ? "" : shorter;
}
