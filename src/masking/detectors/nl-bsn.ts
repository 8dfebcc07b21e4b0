import { weighted } from "./checksums.js";
import { digitsOf } from "./detector.js";
import { nationalId, nineDigits } from "./national-id.js";

/** The Netherlands. One number of nine digits in eleven passes the check, so a form or a word must say that it is one. */
export const nlBsn = nationalId({
  name: "nl-bsn",
  finds:
    "Dutch BSN numbers that pass the eleven test: written `dddd.dd.ddd`, or behind “bsn”, “sofi” or “burgerservicenummer”.",
  prefilters: [nineDigits],
  patterns: [
    /(?<![A-Za-z0-9.])[0-9]{4}\.[0-9]{2}\.[0-9]{3}(?![A-Za-z0-9]|\.[0-9])/g,
    /(?<![0-9])(?=[0-9])(?<=(?:bsn|sofi(?:nummer)?|burgerservicenummer)[^0-9\n\r]{0,12})[0-9]{9}(?![0-9])/gi,
  ],
  accept: ([value]) => {
    const digits = digitsOf(value);
    return Number(digits) > 0 && weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
  },
});
