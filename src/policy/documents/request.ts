import { effectSchema } from "../criteria/effects.js";
import { manyOf, strict } from "../schema.js";
import { clockSchema, documentSchema, modeFields, whereSchema, whoSchema, withMode } from "./common.js";
import { durationSchema } from "./duration.js";
import { holdSchema } from "./terms.js";

/** Which access may be asked for by whom, for how long at most, and who approves it. */
export const requestSpec = strict({
  ...modeFields,
  who: whoSchema.describe("Criteria on whoever asks, or `everyone`."),
  except: whoSchema.optional().describe("Subjects who may not ask."),
  where: whereSchema.describe("Criteria on the connection, or `everywhere`."),
  effects: manyOf(effectSchema).describe("What may be asked for at most."),
  longest: durationSchema("30d").describe("How long a grant may last: `2h`, `7d`."),
  approve: holdSchema.describe("Who approves, and how: the same keys as `hold` in a guard."),
  when: clockSchema.optional().describe("Criteria on the time at which it is asked; always if left out."),
});

export const requestSchema = documentSchema("request", withMode(requestSpec));
