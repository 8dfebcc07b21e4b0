import { digitsOf } from "./detector.js";
import { elevenDigits, nationalId } from "./national-id.js";

/** Switzerland: 756 for the country, and the check digit of an EAN-13. */
export const chAhv = nationalId({
  name: "ch-ahv",
  finds: "Swiss AHV numbers: 13 digits that begin with 756, by their check digit.",
  prefilters: [elevenDigits],
  patterns: [/(?<![A-Za-z0-9-]|[0-9]\.)756([. ]?)[0-9]{4}\1[0-9]{4}\1[0-9]{2}(?![A-Za-z0-9-]|\.[0-9])/g],
  accept: ([value]) => {
    let sum = 0;
    for (const [i, digit] of [...digitsOf(value)].entries()) sum += Number(digit) * (i % 2 === 0 ? 1 : 3);
    return sum % 10 === 0;
  },
});
