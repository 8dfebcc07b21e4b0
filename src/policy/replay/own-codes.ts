import type { Criterion } from "../criteria/criterion.js";
import { criteria } from "../criteria/index.js";

/** Codes of reasons that rules give; a refusal without one of them came from elsewhere: a mask, the catalogue, the journal. */
export const ruleCodes: ReadonlySet<string> = new Set([
  "guarded",
  "access-allowed",
  "access-not-matched",
  "effects-not-allowed",
  "no-access",
  "budget-used-up",
  "budget-unknown",
  "access-requestable",
  ...(criteria as readonly Criterion[]).flatMap(({ reasons }) => Object.values(reasons)),
]);
