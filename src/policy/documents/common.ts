import { z } from "zod";
import { strict } from "../schema.js";
import { selectorSchema } from "../selector.js";

export const apiVersion = "hoop/v1";

/** One DNS label, as connections are named. */
export const documentName = z
  .string("expected a name")
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a name is up to 63 lower-case letters, digits and dashes");

export const metadataSchema = strict({
  name: documentName.describe("Unique among all policy documents; reasons and recordings name it."),
  description: z.string().max(2000).optional().describe("For people."),
});

export const enabledSchema = z
  .boolean("expected true or false")
  .optional()
  .describe("`false` keeps the document without its effect.");

export const whoSchema = selectorSchema(["subject"], "everyone");
export const whereSchema = selectorSchema(["connection"], "everywhere");
export const whenSchema = selectorSchema(["statement", "clock"], null);
/** Where no statement is at hand. */
export const clockSchema = selectorSchema(["clock"], null);

/** The envelope that every document of `hoop apply` has. */
export function documentSchema<const Kind extends string, Spec extends z.ZodType>(kind: Kind, spec: Spec) {
  return strict({
    apiVersion: z.literal(apiVersion, { error: `expected ${apiVersion}` }),
    kind: z.literal(kind),
    metadata: metadataSchema,
    spec,
  });
}
