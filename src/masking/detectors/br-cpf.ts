import { weighted } from "./checksums.js";
import { digitsOf } from "./detector.js";
import { elevenDigits, nationalId } from "./national-id.js";

const first = [10, 9, 8, 7, 6, 5, 4, 3, 2];
const second = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
const check = (digits: string, weights: readonly number[]) => ((weighted(digits, weights) * 10) % 11) % 10;

/** Brazil. */
export const brCpf = nationalId({
  name: "br-cpf",
  finds: "Brazilian CPF numbers by both check digits, with their dots and dash or without.",
  prefilters: [elevenDigits],
  patterns: [/(?<![A-Za-z0-9-]|[0-9]\.)[0-9]{3}(\.?)[0-9]{3}\1[0-9]{3}-?[0-9]{2}(?![A-Za-z0-9-]|\.[0-9])/g],
  accept: ([value]) => {
    const digits = digitsOf(value);
    if (/^(.)\1+$/.test(digits)) return false;
    return check(digits, first) === Number(digits[9]) && check(digits, second) === Number(digits[10]);
  },
});
