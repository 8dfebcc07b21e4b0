import { z } from "zod";
import { manyOf, strict } from "../schema.js";
import { clockSchema, whoSchema } from "./common.js";

const maxPurpose = 63;

/** A purpose as sessions state it: one word, compared without case. */
export const purposeSchema = z
  .string("expected a purpose")
  .max(maxPurpose)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "a purpose is one word of letters, digits, dots, dashes and underscores")
  .transform((text) => text.toLowerCase());

const instant = z.iso
  .datetime({ offset: true, error: "expected a time with its zone, e.g. 2026-03-31T18:00:00Z" })
  .transform((text) => Date.parse(text));

/** Somebody for whom a mask does not count: all that is said must hold. */
export const exemptionSchema = strict({
  who: whoSchema.describe("Criteria on the subject, or `everyone`."),
  purpose: manyOf(purposeSchema)
    .optional()
    .describe("Only sessions that state one of these purposes when they begin; they are recorded with it."),
  until: instant.optional().describe("Only before this time."),
  when: clockSchema.optional().describe("Criteria on the time only."),
}).superRefine(({ who, purpose, until, when }, ctx) => {
  if (purpose !== undefined && who === null) {
    // Whoever connects may state any purpose: it narrows a right and never gives one.
    ctx.addIssue({
      code: "custom",
      path: ["who"],
      message: "a purpose is what clients say of themselves: name who may see the values for it",
    });
  }
  if (who === null && until === undefined && when === undefined) {
    ctx.addIssue({ code: "custom", path: [], message: "exempts everyone for ever; use `enabled: false`" });
  }
});

export type Exemption = z.output<typeof exemptionSchema>;
