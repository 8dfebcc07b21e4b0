import { z } from "zod";
import { suggestion } from "./closest.js";
import { compileGlob, type Glob } from "./glob.js";

/** An object in which an unknown key is an error that names the nearest known one. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => `unknown key "${key.slice(0, 64)}" (${suggestion(key, known)})`).join("; ");
      }
      return issue.code === "invalid_type" ? `expected a mapping with ${known.join(", ")}` : undefined;
    },
  });
}

/** One of these words; a mistyped one is told the nearest. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, {
    error: (issue) =>
      typeof issue.input === "string"
        ? `unknown word "${issue.input.slice(0, 64)}" (${suggestion(issue.input, words)})`
        : `expected one of ${words.join(", ")}`,
  });
}

/** Items of any list in a document; more is a mistake or an attack. */
const maxItems = 500;

/** One value or a list of them, at least one. */
export function manyOf<Out>(item: z.ZodType<Out>): z.ZodType<readonly Out[], unknown> {
  const list = z.array(item).min(1, "an empty list matches nothing; leave the key out").max(maxItems);
  return z.unknown().transform((value, ctx): readonly Out[] => {
    const alone = !Array.isArray(value);
    const parsed = list.safeParse(alone ? [value] : value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      ctx.issues.push({
        code: "custom",
        message: issue.message,
        // A value that stands alone was not written as item 0 of a list.
        path: alone ? issue.path.slice(1) : issue.path,
        input: value,
      });
    }
    return z.NEVER;
  });
}

const maxPattern = 200;

/** A name pattern with `*`. */
export const globSchema: z.ZodType<Glob, unknown> = z
  .string("expected a text")
  .min(1, "expected a name or a pattern with *")
  .max(maxPattern)
  .transform(compileGlob);

/** A plain text of sensible length. */
export const textSchema = z.string("expected a text").min(1).max(maxPattern);
