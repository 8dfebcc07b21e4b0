import { isDay, weighted } from "./checksums.js";
import { elevenDigits, nationalId } from "./national-id.js";

const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const checks = "10X98765432";

/** China. */
export const cnResidentId = nationalId({
  name: "cn-resident-id",
  finds: "Chinese resident identity numbers: 18 places, a day of birth in them, and their check character.",
  prefilters: [elevenDigits],
  patterns: [/(?<![A-Za-z0-9-]|[0-9]\.)[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9X](?![A-Za-z0-9])/gi],
  accept: ([value]) =>
    isDay(Number(value.slice(6, 10)), Number(value.slice(10, 12)), Number(value.slice(12, 14))) &&
    checks[weighted(value, weights) % 11] === value[17]!.toUpperCase(),
});
