import { isDay, weighted } from "./checksums.js";
import { elevenDigits, nationalId } from "./national-id.js";

/** Poland. The month tells the century: 80 is added for the 19th, 20, 40, 60 for those after the 20th. */
export const plPesel = nationalId({
  name: "pl-pesel",
  finds: "Polish PESEL numbers: a day of birth in them, and their check digit.",
  prefilters: [elevenDigits],
  patterns: [/(?<![A-Za-z0-9-]|[0-9]\.)[0-9]{11}(?![A-Za-z0-9-]|\.[0-9])/g],
  accept: ([digits]) =>
    isDay(Number(digits.slice(0, 2)), Number(digits.slice(2, 4)) % 20, Number(digits.slice(4, 6))) &&
    weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
});
