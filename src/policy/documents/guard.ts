import { z } from "zod";
import { oneOf, strict } from "../schema.js";
import { documentSchema, modeFields, whenSchema, whereSchema, whoSchema, withMode } from "./common.js";
import { challengeSchema, holdSchema } from "./terms.js";

/** What a guard does with a statement that it catches. A word that is not here is refused when applied. */
export const guardActions = ["deny", "hold", "challenge"] as const;

/** What a guard is about; both, if it does not say. */
export const guardSubjects = ["statements", "access"] as const;

/** What nobody may do, or not without others, whatever access documents allow: a guard wins over each of them. */
export const guardSpec = strict({
  ...modeFields,
  who: whoSchema.optional().describe("Criteria on the subject; everyone if left out."),
  except: whoSchema.optional().describe("Subjects that this guard lets pass."),
  where: whereSchema.optional().describe("Criteria on the connection; everywhere if left out."),
  on: oneOf(guardSubjects).optional().describe("`statements`, or `access`: opening the connection. Both if left out."),
  when: whenSchema
    .optional()
    .describe(
      "Criteria on the statement and the time. Left out: the guard catches everything that it is about. What cannot be told counts as caught.",
    ),
  action: oneOf(guardActions).describe(
    "`deny` refuses; `challenge` asks for a second factor; `hold` waits for people. What no access document allows is never held.",
  ),
  hold: holdSchema
    .optional()
    .describe(
      "With `action: hold`: `approvals`, and if you like `expires` (1h), `useWithin` (15m), `reasonRequired`, `inTransaction` (`refuse` or `wait`), `rehearse`, `breakGlass` (groups), `escalate` (`after`, `groups`).",
    ),
  challenge: challengeSchema
    .optional()
    .describe(
      "With `action: challenge`: `fresh`, for how long an answer counts, and `expires` (5m), how long it is waited for.",
    ),
  reason: z
    .string("expected a text")
    .min(1)
    .max(500)
    .optional()
    .describe("Shown to whoever is stopped, after the guard's name."),
});

const checkedSpec = withMode(guardSpec).superRefine((spec, ctx) => {
  for (const action of ["hold", "challenge"] as const) {
    if ((spec[action] !== undefined) === (spec.action === action)) continue;
    const message =
      spec.action === action
        ? `action ${action} needs a \`${action}\` that says ${action === "hold" ? "who approves" : "for how long an answer counts"}`
        : `\`${action}\` belongs to action ${action}`;
    ctx.addIssue({ code: "custom", path: [action], message });
  }
});

export const guardSchema = documentSchema("guard", checkedSpec);
