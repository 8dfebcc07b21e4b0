import { weighted } from "./checksums.js";
import { nationalId, sevenDigitsAndLetter } from "./national-id.js";

const weights = [2, 7, 6, 5, 4, 3, 2];
const series = {
  S: [0, "JZIHGFEDCBA"],
  T: [4, "JZIHGFEDCBA"],
  F: [0, "XWUTRQPNMLK"],
  G: [4, "XWUTRQPNMLK"],
  M: [3, "XWUTRQPNJLK"],
} as const;

/** Singapore: citizens' NRIC and foreigners' FIN. */
export const sgNric = nationalId({
  name: "sg-nric",
  finds: "NRIC and FIN numbers of Singapore, by their check letter.",
  prefilters: [sevenDigitsAndLetter],
  patterns: [/(?<![A-Za-z0-9])[STFGM][0-9]{7}[A-Z](?![A-Za-z0-9])/gi],
  accept: ([value]) => {
    const upper = value.toUpperCase();
    const [offset, letters] = series[upper[0] as keyof typeof series];
    const rest = (weighted(upper.slice(1, 8), weights) + offset) % 11;
    const place = upper[0] === "M" ? 10 - rest : rest;
    return letters[place] === upper[8];
  },
});
