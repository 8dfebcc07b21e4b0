import { isLuhn } from "./checksums.js";
import { digitsOf } from "./detector.js";
import { nationalId, nineDigits } from "./national-id.js";

/** Canada. One number of nine digits in ten passes the check, so it must be in groups or named by a word. */
export const caSin = nationalId({
  name: "ca-sin",
  finds:
    "Canadian social insurance numbers by the Luhn check: in groups of three, or behind “sin” or “social insurance”.",
  prefilters: [nineDigits],
  patterns: [
    /(?<![A-Za-z0-9.-]|[0-9] )[1-79][0-9]{2}([- ])[0-9]{3}\1[0-9]{3}(?![A-Za-z0-9-]| [0-9])/g,
    /(?<![0-9])(?=[0-9])(?<=(?:\bsin|social[ _-]?insurance)[^0-9\n\r]{0,20})[1-79][0-9]{8}(?![0-9])/gi,
  ],
  accept: ([value]) => isLuhn(digitsOf(value)),
});
