import { z } from "zod";
import { reviewKinds, reviewStates } from "../reviews/index.js";
import { effects } from "../vocabulary/index.js";
import { timeSchema } from "./schemas.js";

const party = z.object({ id: z.uuid(), name: z.string() });
const values = z.array(z.string().nullable());

const reasonSchema = z.object({ rule: z.string().nullable(), code: z.string(), text: z.string() });

const summaryFields = {
  id: z.string(),
  kind: z
    .enum(reviewKinds)
    .describe(
      "`statement` and `session`: a client waits. `access`: time-boxed access was asked for. `reveal`: the value behind a token was. `run`: a run of a runbook waits.",
    ),
  state: z.enum(reviewStates),
  requester: party.extend({ kind: z.enum(["person", "service", "agent"]) }),
  onBehalfOf: party.nullable().describe("The person that a machine acts for."),
  connections: z.array(z.string()),
  preview: z
    .string()
    .describe("The beginning of the text, or what is asked for; literals replaced for those who only audit."),
  reasons: z.array(reasonSchema).describe("Why it is held."),
  openedAt: timeSchema,
  expiresAt: timeSchema,
  endedAt: timeSchema.nullable(),
  ending: z.string().nullable().describe("Why it ended, in words."),
  missing: z.string().describe("Which approvals are missing, in words; empty: none, or it is over."),
  breakGlass: z.boolean().describe("It went ahead without approval."),
  escalated: z.boolean(),
  can: z
    .object({ approve: z.boolean(), deny: z.boolean(), breakGlass: z.boolean(), withdraw: z.boolean() })
    .describe("What you may do with it now."),
  link: z.string(),
  version: z.number().int(),
};

export const reviewSummarySchema = z.object(summaryFields).meta({ id: "ReviewSummary" });

const sample = z.array(z.record(z.string(), z.string().nullable()));
const rehearsalSchema = z
  .union([
    z.object({
      kind: z.literal("tried"),
      rows: z.number(),
      keys: z.string().nullable(),
      ran: z.string().nullable(),
      before: sample,
      after: sample,
      triggers: z.array(z.string()),
      cascades: z.array(z.string()),
    }),
    z.object({ kind: z.literal("estimated"), why: z.string(), rows: z.number(), plan: z.string() }),
    z.object({ kind: z.literal("none"), why: z.string() }),
  ])
  .meta({
    id: "Rehearsal",
    description: "What it would do, tried out and rolled back; values masked for whoever looks.",
  });

export const commentSchema = z.object({ n: z.number().int(), by: party, text: z.string(), at: timeSchema });

export const grantSchema = z
  .object({
    id: z.string().describe("The id of the review that approved it."),
    subject: party,
    connections: z.array(z.string()),
    effects: z.array(z.string()),
    ticket: z.string().nullable(),
    since: timeSchema,
    until: timeSchema,
    ended: z
      .object({ at: timeSchema, by: z.string().nullable(), why: z.enum(["over", "revoked", "returned"]) })
      .nullable(),
  })
  .meta({ id: "Grant" });

export const reviewSchema = z
  .object({
    ...summaryFields,
    session: z.uuid().nullable(),
    statement: z.string().nullable(),
    text: z
      .string()
      .nullable()
      .describe("As sent, cut; null for those who only audit: `content` has it, and is recorded."),
    textLength: z.number().int(),
    values: values.nullable(),
    valuesCount: z.number().int(),
    transaction: z.array(z.string()).describe("Earlier statements of the open transaction, oldest first."),
    transactionCount: z.number().int(),
    database: z.string().nullable(),
    role: z.string().nullable(),
    analysis: z
      .object({
        shape: z.string(),
        effects: z.array(z.string()),
        resources: z.array(z.object({ kind: z.string(), name: z.string(), access: z.string() })),
        unknowns: z.array(z.string()),
      })
      .nullable(),
    wish: z
      .object({
        effects: z.array(z.enum(effects)),
        durationMs: z.number().int(),
        ticket: z.string().nullable(),
        reason: z.string(),
      })
      .nullable()
      .describe("Of an access request."),
    reveal: z
      .object({
        purpose: z.string(),
        form: z.string(),
        column: z.string().nullable(),
        token: z.string().nullable().describe("Null for those who only audit."),
        reason: z.string(),
      })
      .nullable()
      .describe("Of a token whose value is asked for. The value is shown once, by `POST /reveals/{review}/value`."),
    run: z
      .object({
        run: z.uuid(),
        runbook: z.string(),
        version: z.number().int(),
        runsAs: z.string(),
        parameters: z
          .array(z.object({ name: z.string(), value: z.string().nullable() }))
          .nullable()
          .describe("Secret ones as a mark; long ones cut. Null for those who only audit."),
        steps: z.array(
          z.object({
            name: z.string(),
            phase: z.enum(["step", "compensation"]),
            connection: z.string(),
            when: z.string().nullable(),
            sends: z.string().nullable().describe("What would be sent, cut; null for those who only audit."),
            outcome: z.enum(["allow", "deny", "hold", "challenge", "unknown"]),
            reasons: z.array(z.string()),
          }),
        ),
      })
      .nullable()
      .describe("Of a run of a runbook; `outcome` is what the rules said when it was asked for."),
    rules: z.array(
      z.object({
        rule: z.string(),
        approvals: z.array(z.object({ count: z.number().int(), groups: z.array(z.string()) })),
        reasonRequired: z.boolean(),
        breakGlass: z.array(z.string()),
        escalate: z.object({ at: timeSchema, groups: z.array(z.string()) }).nullable(),
      }),
    ),
    decisions: z.array(
      z.object({
        by: party,
        verdict: z.enum(["approve", "deny", "break-glass"]),
        reason: z.string().nullable(),
        at: timeSchema,
        counts: z.boolean().describe("False: who approved was disabled or left the group since."),
      }),
    ),
    comments: z.array(commentSchema),
    rehearsal: rehearsalSchema.nullable(),
    approvedAt: timeSchema.nullable(),
    useBy: timeSchema.nullable().describe("Until when the approval may be used; of access: when it ends."),
    grant: grantSchema.nullable().describe("What approved access has become."),
    revocable: z.boolean().describe("Whether you may end that grant now."),
  })
  .meta({ id: "Review" });

export const contentSchema = z.object({
  text: z.string(),
  values: values.nullable(),
  transaction: z.array(z.string()),
});
