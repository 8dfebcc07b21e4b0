import { trait } from "../scan/traits.js";
import { nationalId } from "./national-id.js";

const never = /^(?:bg|gb|kn|nk|nt|tn|zz)/i;

/** United Kingdom. There is no check digit: letters that are given out, six digits, A to D. */
export const gbNino = nationalId({
  name: "gb-nino",
  finds: "UK national insurance numbers: letters that are given out, six digits, a letter from A to D.",
  needs: trait.digits,
  prefilters: ["[A-Za-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]"],
  patterns: [
    /(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D](?![A-Za-z0-9])/gi,
  ],
  accept: ([value]) => !never.test(value),
});
