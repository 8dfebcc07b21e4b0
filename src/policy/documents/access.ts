import { effectSchema } from "../criteria/effects.js";
import { manyOf, strict } from "../schema.js";
import { documentSchema, modeFields, whenSchema, whereSchema, whoSchema, withMode } from "./common.js";
import { targetRoleSchema } from "./target-role.js";

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
  roles: manyOf(targetRoleSchema)
    .optional()
    .describe(
      "Roles at the target that the user made for a session is a member of, as far as the connection allows them (`credential.roles`); those of all documents that let the subject connect come together. If none of these says any: all that the connection allows.",
    ),
  when: whenSchema
    .optional()
    .describe("Criteria on the statement and the time. Opening the connection asks only for the time."),
});

export const accessSchema = documentSchema("access", withMode(accessSpec));
