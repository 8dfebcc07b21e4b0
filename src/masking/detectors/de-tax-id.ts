import { isMod11_10 } from "./checksums.js";
import { digitsOf } from "./detector.js";
import { elevenDigits, nationalId } from "./national-id.js";

/** Germany. Of the first ten digits one comes twice or three times, the others at most once. */
export const deTaxId = nationalId({
  name: "de-tax-id",
  finds: "German tax identification numbers: 11 digits by their rule of repeats and ISO 7064 (MOD 11,10).",
  prefilters: [elevenDigits],
  patterns: [/(?<![A-Za-z0-9-]|[0-9]\.)[1-9][0-9](?: ?[0-9]{3}){3}(?![A-Za-z0-9-]|\.[0-9])/g],
  accept: ([value]) => {
    const digits = digitsOf(value);
    if (!isMod11_10(digits)) return false;
    const counts = new Array<number>(10).fill(0);
    for (const digit of digits.slice(0, 10)) counts[Number(digit)]!++;
    const repeated = counts.filter((count) => count > 1);
    return repeated.length === 1 && repeated[0]! <= 3;
  },
});
