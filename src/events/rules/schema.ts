import { z } from "zod";
import { apiVersion, metadataSchema, whenSchema, whereSchema, whoSchema } from "../../policy/documents/common.js";
import { durationSchema } from "../../policy/documents/duration.js";
import { manyOf, oneOf, strict } from "../../policy/schema.js";
import { eventTypes } from "../catalogue/index.js";
import { receiverSpec } from "../receivers/schema.js";
import { actionSchema } from "./actions.js";

export const keyFields = ["subject", "session", "connection"] as const;
export type KeyField = (typeof keyFields)[number];

/** What is done when something happens. */
export const reactionSpec = strict({
  mode: oneOf(["enforce", "shadow", "off"])
    .default("enforce")
    .describe("`shadow`: what it would have done is counted, and nothing is done; `off`: kept without effect."),
  on: manyOf(oneOf(eventTypes as readonly [string, ...string[]])).describe("Types of events."),
  who: whoSchema.optional().describe("Criteria on the subject, as in policy; everyone if left out."),
  where: whereSchema.optional().describe("Criteria on the connection, as in policy; everywhere if left out."),
  statement: whenSchema
    .optional()
    .describe(
      "Criteria on the statement, as in policy; for events that have one: `statement.denied`, `statement.held`.",
    ),
  when: z
    .string("expected an expression in quotes")
    .optional()
    .describe(
      "An expression of the Common Expression Language over `event` (`id`, `type`, `at`), `subject` (`id`, `name`), `connection`, `session` and `data`, checked against the events' schemas when it is saved.",
    ),
  count: strict({
    atLeast: z.number("expected a number").int().min(2).max(200),
    within: durationSchema("24h"),
  })
    .optional()
    .describe("Only when it happened so often in so long; each time if left out."),
  by: manyOf(oneOf(keyFields))
    .optional()
    .describe("What is counted, and kept quiet about, together: `subject` if left out."),
  quiet: durationSchema("7d")
    .optional()
    .describe("After it fired, it does not for so long; what happens meanwhile is counted."),
  // biome-ignore lint/suspicious/noThenProperty: the word that rules read well with; nothing awaits a specification
  then: z
    .array(actionSchema)
    .min(1, "say what is done")
    .max(10)
    .describe("Actions, in order. What acts inside of sessions is done at once, the others follow."),
});

export type ReactionSpec = z.output<typeof reactionSpec>;

const envelope = <const Kind extends string, Spec extends z.ZodType>(kind: Kind, spec: Spec) =>
  strict({
    apiVersion: z.literal(apiVersion, { error: `expected ${apiVersion}` }),
    kind: z.literal(kind),
    metadata: metadataSchema,
    spec,
  });

/** Every kind of document of reactions. */
export const reactionDocumentSchemas = {
  reaction: envelope("reaction", reactionSpec),
  receiver: envelope("receiver", receiverSpec),
} as const;

export type ReactionKind = keyof typeof reactionDocumentSchemas;
export const reactionKinds = Object.keys(reactionDocumentSchemas) as readonly ReactionKind[];

/** A document as people write it: valid, plain JSON, kept as it was written. */
export interface ReactionDocument {
  readonly apiVersion: "hoop/v1";
  readonly kind: ReactionKind;
  readonly metadata: { readonly name: string; readonly description?: string | undefined };
  readonly spec: Readonly<Record<string, unknown>>;
}
