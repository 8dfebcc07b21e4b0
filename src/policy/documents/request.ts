import { effectSchema } from "../criteria/effects.js";
import { manyOf, strict } from "../schema.js";
import { clockSchema, documentSchema, modeFields, whereSchema, whoSchema, withMode } from "./common.js";
import { durationSchema } from "./duration.js";
import { purposeSchema } from "./exemption.js";
import { holdSchema } from "./terms.js";

/** Which access, or which values behind tokens, may be asked for by whom, for how long at most, and who approves it. */
export const requestSpec = strict({
  ...modeFields,
  who: whoSchema.describe("Criteria on whoever asks, or `everyone`."),
  except: whoSchema.optional().describe("Subjects who may not ask."),
  where: whereSchema.optional().describe("Criteria on the connection, or `everywhere`; with `effects`."),
  effects: manyOf(effectSchema).optional().describe("What may be asked for at most."),
  longest: durationSchema("30d").optional().describe("How long a grant may last: `2h`, `7d`; with `effects`."),
  reveal: manyOf(purposeSchema)
    .optional()
    .describe(
      "Purposes of tokens: the value behind one may be asked for. In place of `where`, `effects` and `longest`.",
    ),
  approve: holdSchema.describe("Who approves, and how: the same keys as `hold` in a guard."),
  when: clockSchema.optional().describe("Criteria on the time at which it is asked; always if left out."),
});

// A token belongs to a purpose and to no connection: `where` beside it would promise what nothing could hold.
const either = requestSpec.superRefine((spec, context) => {
  const needed = ["where", "effects", "longest"] as const;
  const revealing = spec.reveal !== undefined;
  for (const key of needed) {
    // `everywhere` is null, and said.
    if ((spec[key] === undefined) === revealing) continue;
    const message = revealing ? "does not go together with `reveal`" : "is missing: say what may be asked for";
    context.addIssue({ code: "custom", path: [key], message });
  }
});

export const requestSchema = documentSchema("request", withMode(either));
