import { effectSchema } from "../criteria/effects.js";
import { manyOf, strict } from "../schema.js";
import { documentSchema, modeFields, whenSchema, whereSchema, whoSchema, withMode } from "./common.js";

/**
 * Who may use which connections, with which effects. Nothing is allowed that no access document allows.
 * A statement must be covered by one document alone: what two allow half each stays refused.
 */
export const accessSpec = strict({
  ...modeFields,
  who: whoSchema.describe("Criteria on the subject, or `everyone`."),
  except: whoSchema.optional().describe("Subjects that this document does not count for."),
  where: whereSchema.describe("Criteria on the connection, or `everywhere`."),
  effects: manyOf(effectSchema).describe(
    "What statements may do. A statement that does nothing (BEGIN, SHOW) needs none of them. `unknown` must be named to let through what cannot be read.",
  ),
  when: whenSchema
    .optional()
    .describe("Criteria on the statement and the time. Opening the connection asks only for the time."),
});

export const accessSchema = documentSchema("access", withMode(accessSpec));
