import { z } from "zod";
import { oneOf, strict } from "../schema.js";
import { documentSchema, enabledSchema, whenSchema, whereSchema, whoSchema } from "./common.js";

/** What a guard does with a statement that it catches. A word that is not here is refused when applied. */
export const guardActions = ["deny"] as const;

/** What nobody may do, whatever access documents allow: a guard wins over each of them. */
export const guardSpec = strict({
  enabled: enabledSchema,
  who: whoSchema.optional().describe("Criteria on the subject; everyone if left out."),
  except: whoSchema.optional().describe("Subjects that this guard lets pass."),
  where: whereSchema.optional().describe("Criteria on the connection; everywhere if left out."),
  when: whenSchema
    .optional()
    .describe(
      "Criteria on the statement and the time. Left out: the guard catches everything, opening the connection too. What cannot be told counts as caught.",
    ),
  action: oneOf(guardActions).describe("What happens: `deny`."),
  reason: z
    .string("expected a text")
    .min(1)
    .max(500)
    .optional()
    .describe("Shown to whoever is refused, after the guard's name."),
});

export const guardSchema = documentSchema("guard", guardSpec);
