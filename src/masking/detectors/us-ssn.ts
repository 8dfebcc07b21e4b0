import { nationalId, nineDigits } from "./national-id.js";

/** United States. There is no check digit: the form with its dashes, or nine digits that a word names. */
export const usSsn = nationalId({
  name: "us-ssn",
  finds:
    "US social security numbers: `ddd-dd-dddd` in ranges that are given out, or nine digits behind “ssn” or “social security”.",
  prefilters: [nineDigits],
  patterns: [
    /(?<![A-Za-z0-9-])(?!000|666|9)[0-9]{3}([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![A-Za-z0-9-])/g,
    /(?<![0-9])(?=[0-9])(?<=(?:ssn|social[ _-]?security)[^0-9\n\r]{0,20})(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}(?![0-9])/gi,
  ],
});
