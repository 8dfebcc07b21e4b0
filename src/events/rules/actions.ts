import { z } from "zod";
import { columnPattern } from "../../policy/documents/column-pattern.js";
import { documentName } from "../../policy/documents/common.js";
import { durationSchema } from "../../policy/documents/duration.js";
import { holdSchema } from "../../policy/documents/terms.js";
import { manyOf, oneOf, strict } from "../../policy/schema.js";

const scope = oneOf(["session", "subject"])
  .default("session")
  .describe("The session of the event (if left out), or all that its subject has open.");
const words = z.string("expected a text").min(1).max(500);
const scalar = z.union([z.string().max(1_000), z.number(), z.boolean()]);
const parameterName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, "a parameter is a word of letters, digits and _");

/** Every action by its key. What acts inside of sessions is done at once; the others follow, one after the other. */
export const actionSchemas = {
  pause: strict({
    scope,
    for: durationSchema("24h")
      .optional()
      .describe("How long somebody may take to release it; then it ends. `30m` if left out."),
    notice: words.optional().describe("What the person in the session is told."),
  }).describe(
    "Nothing more is sent to the target until a person releases the session, or its time is over and it ends.",
  ),
  kill: strict({ scope, reason: words.optional().describe("What the person is told.") }).describe("Ends the session."),
  requireReview: strict({
    for: durationSchema("30d").describe("For how long."),
    hold: holdSchema.describe("Who approves, as in a guard."),
  }).describe("Everything that this subject asks waits for people, in open sessions and in new ones."),
  tightenMasks: strict({
    for: durationSchema("30d").describe("For how long."),
    columns: manyOf(columnPattern).optional().describe("As in a mask; all of them if left out."),
    method: oneOf(["redact", "null"]).default("redact"),
  }).describe("This subject sees these columns masked, in open sessions and in new ones."),
  revoke: strict({
    what: manyOf(oneOf(["user", "logins", "grants"])).describe(
      "`user`: disabled; `logins`: signed out everywhere; `grants`: access for a time ends.",
    ),
  }).describe("Takes from this subject what it has."),
  run: strict({
    runbook: documentName,
    with: z
      .record(parameterName, z.union([scalar, strict({ field: z.string().max(200) })]))
      .optional()
      .describe("Parameters: a value, or `{ field: subject.name }` for one of the event."),
    as: z
      .union([z.literal("subject"), strict({ machine: z.string().min(1).max(64) })])
      .describe("`subject`: the event's; or a service account, `{ machine: responder }`."),
  }).describe("Runs a runbook."),
  notify: strict({
    receiver: documentName,
    text: words.optional().describe("A sentence of yours; what happened is said anyway."),
  }).describe("Tells a receiver."),
  openReview: strict({
    hold: holdSchema.describe("Who decides, as in a guard."),
  }).describe(
    "People look at this subject's access: approved, what this rule imposed is lifted; denied or expired, its sessions end.",
  ),
} as const;

export type ActionKind = keyof typeof actionSchemas;
export const actionKinds = Object.keys(actionSchemas) as readonly ActionKind[];

/** One action of a rule: its kind, and what its schema made of its data. */
export type Action = {
  [Kind in ActionKind]: { readonly kind: Kind; readonly data: z.output<(typeof actionSchemas)[Kind]> };
}[ActionKind];

/** Actions that take effect inside of sessions, on the gateway that has them; the others wait in the queue. */
export const restraintKinds: ReadonlySet<ActionKind> = new Set(["pause", "kill", "requireReview", "tightenMasks"]);

const shape = Object.fromEntries(
  Object.entries(actionSchemas).map(([kind, schema]) => [kind, schema.optional()]),
) as unknown as { [Kind in ActionKind]: z.ZodOptional<(typeof actionSchemas)[Kind]> };

export const actionSchema = strict(shape)
  .refine((one) => Object.values(one).filter((value) => value !== undefined).length === 1, {
    message: `an action is one of ${actionKinds.join(", ")}`,
    when: ({ issues }) => issues.length === 0,
  })
  .transform((one): Action => {
    const found = Object.entries(one).find(([, value]) => value !== undefined);
    // A mapping with nothing but a mistyped key has been told so.
    return found === undefined ? z.NEVER : ({ kind: found[0], data: found[1] } as Action);
  });
