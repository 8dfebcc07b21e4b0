import { nationalId, sevenDigitsAndLetter } from "./national-id.js";

const letters = "TRWAGMYFPDXBNJZSQVHLCKE";

/** Spain: residents' DNI and foreigners' NIE, which begins with a letter for its first digit. */
export const esDni = nationalId({
  name: "es-dni",
  finds: "Spanish DNI and NIE numbers, by their check letter.",
  prefilters: [sevenDigitsAndLetter],
  patterns: [/(?<![A-Za-z0-9])(?:[0-9]{8}|[XYZ][ -]?[0-9]{7})[ -]?[A-HJ-NP-TV-Z](?![A-Za-z0-9])/gi],
  accept: ([value]) => {
    const plain = value.replaceAll(/[ -]/g, "").toUpperCase();
    const digits = plain.slice(0, -1).replace(/^[XYZ]/, (letter) => String("XYZ".indexOf(letter)));
    return letters[Number(digits) % 23] === plain.at(-1);
  },
});
