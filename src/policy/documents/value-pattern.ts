import { RE2JS } from "re2js";
import { z } from "zod";
import { strict } from "../schema.js";

/** Limits of a user's own pattern: what they allow costs time in proportion to the text, and little memory. */
const maxPattern = 500;
const maxRepeat = 100;
const maxProgram = 2_000;

const name = z
  .string("expected a name")
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a name is up to 63 lower-case letters, digits and dashes");

const pattern = z
  .string("expected a pattern")
  .min(1, "an empty pattern finds nothing")
  .max(maxPattern, `a pattern has at most ${maxPattern} characters`)
  .superRefine((text, ctx) => {
    const problem = problemOf(text);
    if (problem !== null) ctx.addIssue({ code: "custom", message: problem });
  });

/** A pattern of the user's own: RE2's language, run by RE2 only, never by an engine that can be made to go back and forth. */
export const valuePatternSchema = strict({
  name: name.describe("How findings are called in the audit."),
  pattern: pattern.describe("In RE2's language."),
});

/** Why a pattern is not taken; null: it is. */
function problemOf(text: string): string | null {
  for (const [repeat, low, high] of text.matchAll(/\{([0-9]{1,9})(?:,([0-9]{0,9}))?\}/g)) {
    if (Math.max(Number(low), Number(high || 0)) > maxRepeat) {
      return `${repeat} repeats more than ${maxRepeat} times; use * or + where the length does not matter`;
    }
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : "it does not parse";
    return `not a pattern of RE2 (no look-around, no back-references): ${why.slice(0, 200)}`;
  }
  if (compiled.programSize() > maxProgram) return "the pattern is too large: repeats inside of repeats multiply";
  if (compiled.matcher("").find()) return "the pattern matches the empty text, so it would match everywhere";
  return null;
}
