import type { DetectorName } from "../../vocabulary/index.js";
import { trait } from "../scan/traits.js";
import { type Detector, findMatches } from "./detector.js";

/** What the national numbers have in common: a form, and a check of its own. */
interface NationalId {
  readonly name: DetectorName;
  readonly finds: string;
  readonly needs?: number;
  readonly prefilters: readonly string[];
  readonly set?: Detector["set"];
  /** Each with the flag `g`, and looking around for what would make it part of something else. */
  readonly patterns: readonly RegExp[];
  readonly accept?: (match: RegExpExecArray) => boolean;
}

/** Eleven digits or more with one mark between any two: the prefilter that long numbers share. */
export const elevenDigits = "[0-9](?:[ ./-]?[0-9]){10}";
/** Seven digits and a letter. */
export const sevenDigitsAndLetter = "[0-9]{7}[ -]?[A-Za-z]";
/** Nine of them. */
export const nineDigits = "[0-9]{3}[ .-]?[0-9]{2,3}[ .-]?[0-9]{3,4}";

export function nationalId({ patterns, accept, needs = trait.digits, set = "numbers", ...rest }: NationalId): Detector {
  return {
    ...rest,
    needs,
    set,
    partial: "text",
    token: "text",
    find(text, found) {
      for (const pattern of patterns) findMatches(pattern, text, found, accept);
    },
  };
}
