import type { DetectorName } from "../../vocabulary/index.js";
import { trait } from "../scan/traits.js";
import { type Detector, findMatches } from "./detector.js";

/** What keys and tokens have in common: a beginning that nothing else has, and nothing of a word around them. */
export function tokenDetector({
  patterns,
  accept,
  needs = trait.run,
  ...rest
}: {
  readonly name: DetectorName;
  readonly finds: string;
  readonly needs?: number;
  readonly prefilters: readonly string[];
  readonly patterns: readonly RegExp[];
  readonly accept?: (match: RegExpExecArray) => boolean;
}): Detector {
  return {
    ...rest,
    needs,
    set: "tokens",
    partial: "text",
    token: "text",
    find(text, found) {
      for (const pattern of patterns) findMatches(pattern, text, found, accept);
    },
  };
}
