import { z } from "zod";
import { oneOf, strict, textSchema } from "../schema.js";
import { documentName, documentSchema } from "./common.js";

const columnList = z.union([
  z.array(z.string().min(1).max(63)).min(1).max(1600),
  z.record(z.string().min(1).max(63), z.string().min(1).max(63)),
]);

const given = strict({
  subject: textSchema.optional().describe("The login name; `somebody` if left out."),
  kind: oneOf(["person", "service", "agent"]).optional(),
  groups: z.array(textSchema).max(200).optional(),
  connection: documentName.optional(),
  labels: z.record(z.string().min(1).max(63), z.string().max(200)).optional(),
  protocol: textSchema.optional().describe("`postgres` if left out."),
  sql: z.string().min(1).max(100_000).optional().describe("What is asked; left out: opening the connection."),
  schema: z
    .record(z.string().min(1).max(200), columnList)
    .optional()
    .describe("Tables that the statement reaches: `public.customers: [id, email]`."),
  at: z.iso.datetime({ offset: true, error: 'expected a time such as "2026-01-05T10:00:00Z"' }).optional(),
  estimate: strict({
    rows: z.number().int().min(0),
    scans: z.array(strict({ relation: textSchema, rows: z.number().int().min(0) })).optional(),
  }).optional(),
  fresh: z.boolean().optional().describe("Whether a second factor was answered just now."),
});

/** What must be so: run before policy is applied, and by `hoop policy test`. */
export const testSpec = strict({
  given: given.describe(
    "`subject`, `kind`, `groups`; `connection`, `labels`, `protocol`; `sql`; `schema` (`{ public.customers: [id, email] }`); `at`; `estimate`; `fresh`.",
  ),
  expect: oneOf(["allow", "deny", "hold", "challenge"]).describe("The outcome."),
  rule: textSchema.optional().describe("A rule that must be among the reasons."),
  masked: z
    .array(z.string().min(1).max(200))
    .optional()
    .describe("The columns that are read and masked: these and no others. `[]`: none."),
}).refine(({ given: { connection, labels } }) => connection !== undefined || labels !== undefined, {
  path: ["given"],
  message: "say a `connection`, `labels` or both",
});

export const testSchema = documentSchema("test", testSpec);
