import { trait } from "../scan/traits.js";
import { nationalId } from "./national-id.js";

/** What a character in an odd place counts; digits count as the letters A to J. */
const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
/** Letters that stand for digits where two people would have the same code. */
const d = "[0-9LMNPQRSTUV]";

const place = (character: string) => (character <= "9" ? Number(character) : character.charCodeAt(0) - 65);

/** Italy. */
export const itCodiceFiscale = nationalId({
  name: "it-codice-fiscale",
  finds: "Italian codici fiscali, 16 characters, by their check letter.",
  needs: trait.run,
  set: "tokens",
  prefilters: [`(?i)[A-Z]{6}${d}{2}[A-EHLMPRST]${d}{2}[A-Z]`],
  patterns: [new RegExp(`(?<![A-Za-z0-9])[A-Z]{6}${d}{2}[A-EHLMPRST]${d}{2}[A-Z]${d}{3}[A-Z](?![A-Za-z0-9])`, "gi")],
  accept: ([value]) => {
    const code = value.toUpperCase();
    let sum = 0;
    for (let i = 0; i < 15; i++) sum += i % 2 === 0 ? odd[place(code[i]!)]! : place(code[i]!);
    return String.fromCharCode(65 + (sum % 26)) === code[15];
  },
});
