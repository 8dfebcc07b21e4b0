import { digitsOf } from "./detector.js";
import { elevenDigits, nationalId } from "./national-id.js";

/** Belgium. Of those born from 2000 on a 2 stands before the number when its check is made. */
export const beNationalNumber = nationalId({
  name: "be-national-number",
  finds: "Belgian national numbers: a day of birth in them, and their check modulo 97.",
  prefilters: [elevenDigits],
  patterns: [
    /(?<![A-Za-z0-9-]|[0-9]\.)[0-9]{2}(\.?)(?:[024][0-9]|[135][0-2])\1[0-3][0-9][ -]?[0-9]{3}\.?[0-9]{2}(?![A-Za-z0-9-]|\.[0-9])/g,
  ],
  accept: ([value]) => {
    const digits = digitsOf(value);
    const number = Number(digits.slice(0, 9));
    const check = Number(digits.slice(9));
    return 97 - (number % 97) === check || 97 - ((2_000_000_000 + number) % 97) === check;
  },
});
