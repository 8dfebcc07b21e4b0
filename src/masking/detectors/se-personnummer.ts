import { isDay, isLuhn } from "./checksums.js";
import { digitsOf } from "./detector.js";
import { elevenDigits, nationalId } from "./national-id.js";

/** Sweden, coordination numbers (60 is added to the day) too. Ten digits alone are too common to be told apart. */
export const sePersonnummer = nationalId({
  name: "se-personnummer",
  finds:
    "Swedish personal and coordination numbers: a day of birth, a mark before the last four (or 12 digits), and the Luhn check.",
  prefilters: [elevenDigits, "[0-9]{6}[-+][0-9]{4}"],
  patterns: [/(?<![A-Za-z0-9+-]|[0-9]\.)(?:(?:19|20)?[0-9]{6}[-+]|(?:19|20)[0-9]{6})[0-9]{4}(?![A-Za-z0-9-]|\.[0-9])/g],
  accept: ([value]) => {
    const digits = digitsOf(value).slice(-10);
    const day = Number(digits.slice(4, 6));
    return isDay(Number(digits.slice(0, 2)), Number(digits.slice(2, 4)), day > 60 ? day - 60 : day) && isLuhn(digits);
  },
});
