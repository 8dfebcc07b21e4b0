import type { z } from "zod";
import { z as zod } from "zod";
import type { Analysis } from "../../vocabulary/index.js";
import type { Answer } from "../answer.js";
import { anyMatches, type Glob } from "../glob.js";
import { globSchema, manyOf } from "../schema.js";
import { isUnreadable } from "./effects.js";

/** `any`, or patterns for the words that an analyser lists under an attribute. */
export type Listed = "any" | readonly Glob[];

const patterns = manyOf(globSchema);

export const listedSchema: z.ZodType<Listed, unknown> = zod.unknown().transform((value, ctx): Listed => {
  if (value === "any") return "any";
  const parsed = patterns.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    ctx.issues.push({ code: "custom", message: issue.message, path: issue.path, input: value });
  }
  return zod.NEVER;
});

/** Whether the attribute lists a word that is wanted. Nothing listed for a statement that was not fully read is unknown. */
export function testListed(listed: Listed, analysis: Analysis, attribute: string): Answer {
  if (foundListed(listed, analysis, attribute).length > 0) return "yes";
  return isUnreadable(analysis) ? "unknown" : "no";
}

/** The words that the attribute lists and that are wanted. */
export function foundListed(listed: Listed, analysis: Analysis, attribute: string): readonly string[] {
  const words = wordsOf(analysis, attribute);
  return listed === "any" ? words : words.filter((word) => anyMatches(listed, word));
}

export function wordsOf(analysis: Analysis, attribute: string): readonly string[] {
  const value = Object.hasOwn(analysis.attributes, attribute) ? analysis.attributes[attribute] : undefined;
  if (value === undefined || value === false || value === "") return [];
  return Array.isArray(value) ? value : [String(value)];
}

export function listedWords(listed: Listed): readonly string[] | null {
  return listed === "any" ? null : listed.map((glob) => glob.text);
}
