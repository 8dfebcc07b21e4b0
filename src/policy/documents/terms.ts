import { z } from "zod";
import { type ChallengeTerms, type HoldTerms, ruleId } from "../../vocabulary/index.js";
import { manyOf, oneOf, strict, textSchema } from "../schema.js";
import { durationSchema } from "./duration.js";

const groups = manyOf(textSchema);

const approval = strict({
  count: z.number("expected a number of people").int().min(1).max(20).default(1),
  groups: groups.describe("Any of these groups; one person counts once."),
});

/** What a rule that holds asks of people. */
export const holdSchema = strict({
  approvals: manyOf(approval).describe(
    "Each needs `count` people of its `groups` (1 if left out). All of them, by different people, never by whoever asks.",
  ),
  expires: durationSchema("7d").optional(),
  useWithin: durationSchema("24h").optional(),
  reasonRequired: z.boolean("expected true or false").optional(),
  inTransaction: oneOf(["refuse", "wait"]).optional(),
  rehearse: z.boolean("expected true or false").optional(),
  breakGlass: groups.optional(),
  escalate: strict({ after: durationSchema("7d"), groups }).optional(),
}).refine(({ escalate, expires = defaults.expires }) => escalate === undefined || escalate.after < expires, {
  path: ["escalate", "after"],
  message: "comes after the review has expired",
});

const defaults = { expires: 60 * 60_000, useWithin: 15 * 60_000 };

type HoldSpec = z.output<typeof holdSchema>;

export function holdTerms(rule: string, spec: HoldSpec): HoldTerms {
  return Object.freeze({
    rule: ruleId(rule),
    approvals: spec.approvals,
    expiresMs: spec.expires ?? defaults.expires,
    useWithinMs: spec.useWithin ?? defaults.useWithin,
    reasonRequired: spec.reasonRequired ?? false,
    inTransaction: spec.inTransaction ?? "refuse",
    rehearse: spec.rehearse ?? false,
    breakGlass: spec.breakGlass ?? [],
    escalate: spec.escalate ? { afterMs: spec.escalate.after, groups: spec.escalate.groups } : null,
  });
}

/** What a rule that challenges asks of the subject. */
export const challengeSchema = strict({
  fresh: durationSchema("24h"),
  expires: durationSchema("1h").optional(),
});

export function challengeTerms(rule: string, spec: z.output<typeof challengeSchema>): ChallengeTerms {
  return Object.freeze({ rule: ruleId(rule), freshMs: spec.fresh, expiresMs: spec.expires ?? 5 * 60_000 });
}
