import { parseDocument } from "yaml";
import { z } from "zod";
import { HoopError, hoopErrorFrom } from "../vocabulary/index.js";
import { runbookLimits } from "./limits.js";
import { parameterSchema } from "./parameters.js";

export const runbookName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a runbook's name is lower case: letters, digits and -, up to 63");

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** `90s`, `5m`, `2h`; milliseconds. */
const duration = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}(ms|s|m|h|d)$/, "is a duration like 30s, 5m or 2h")
    .transform((text) => Number(/^\d+/.exec(text)![0]) * units[/\D+$/.exec(text)![0] as keyof typeof units])
    .refine((ms) => ms >= least && ms <= most, `is between ${least / 1_000} and ${most / 1_000} seconds`);
const stepDuration = duration(runbookLimits.stepMs.least, runbookLimits.stepMs.most);
const template = z.string().min(1).max(runbookLimits.value);
const fields = z.record(z.string().max(100), z.string().max(runbookLimits.value));
const stepName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, "a step's name is lower case: letters, digits and _");

const http = z.strictObject({
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  path: z.string().min(1).max(4_000),
  query: fields.optional(),
  headers: fields.optional(),
  json: z.unknown().optional(),
  form: fields.optional(),
  text: z.string().max(runbookLimits.value).optional(),
  /** Statuses that are a success; others fail the step. */
  expectStatus: z.array(z.number().int().min(100).max(599)).max(50).optional(),
});

const action = {
  /** A connection's name, or `{{parameter}}` of type connection. */
  connection: z.string().min(1).max(80),
  timeout: stepDuration.optional(),
  sql: template.optional(),
  /** SQL's database; default: the connection's. */
  database: z.string().min(1).max(63).optional(),
  run: template.optional(),
  http: http.optional(),
};

const compensation = z.strictObject({
  ...action,
  connection: action.connection.optional(),
  /** It may also run after a gateway was stopped in the middle of a run, when nobody knows how far the step came. */
  afterInterruption: z.boolean().default(false),
});

const step = z.strictObject({
  name: stepName,
  title: z.string().max(100).optional(),
  ...action,
  /** CEL over `params` and `steps`; false: the step is skipped. */
  when: z.string().max(1_000).optional(),
  /** CEL; false after the step: it has failed. */
  expect: z.string().max(1_000).optional(),
  onFailure: z.enum(["stop", "continue"]).default("stop"),
  /** Its output is not kept. */
  secretOutput: z.boolean().default(false),
  compensate: compensation.optional(),
});

const schedule = z.strictObject({
  cron: z.string().min(9).max(100),
  zone: z.string().max(60).default("UTC"),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** What was missed while no gateway ran: `skip` it, or run it `once` when one is back. */
  missed: z.enum(["skip", "once"]).default("skip"),
});

const review = z.strictObject({
  approvals: z
    .array(
      z.strictObject({
        count: z.number().int().min(1).max(10),
        groups: z.array(z.string().min(1).max(100)).min(1).max(20),
      }),
    )
    .min(1)
    .max(5),
  expires: duration(60_000, 7 * 86_400_000).prefault("1h"),
  reasonRequired: z.boolean().default(false),
});

const documentSchema = z.strictObject({
  apiVersion: z.literal("hoop/v1"),
  kind: z.literal("runbook"),
  metadata: z.strictObject({ name: runbookName, title: z.string().max(100).optional() }),
  spec: z.strictObject({
    parameters: z.array(parameterSchema).max(runbookLimits.parameters).default([]),
    /** Whose members may run it; admins always may. */
    who: z.strictObject({ groups: z.array(z.string().min(1).max(100)).min(1).max(50) }).optional(),
    /** A service account whose rights the run has; absent: those of whoever runs it. */
    as: z.string().min(1).max(100).optional(),
    review: review.optional(),
    timeout: duration(runbookLimits.runMs.least, runbookLimits.runMs.most).optional(),
    schedules: z.array(schedule).max(runbookLimits.schedules).default([]),
    steps: z.array(step).min(1).max(runbookLimits.steps),
  }),
});

export type RunbookDocument = z.output<typeof documentSchema>;
export type StepText = RunbookDocument["spec"]["steps"][number];
export type ActionText = z.output<typeof compensation>;
export type Schedule = RunbookDocument["spec"]["schedules"][number];

/** Front matter and what stands below it. */
export interface ReadDocument {
  readonly document: RunbookDocument;
  /** Markdown for people. */
  readonly body: string;
}

/**
 * Reads a runbook: YAML between two lines of `---`, then Markdown. Unknown fields, anchors, tags and double keys are refused.
 * Throws HoopError `invalid` that says where.
 */
export function readDocument(text: string, where = "the runbook"): ReadDocument {
  if (Buffer.byteLength(text) > runbookLimits.text)
    throw new HoopError("too-large", `${where} is larger than ${runbookLimits.text / 1024} KB`);
  const found = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n([\s\S]*))?$/.exec(text);
  if (found === null)
    throw new HoopError("invalid", `${where} does not begin with front matter`, {
      hint: "YAML between two lines of ---, then text for people",
    });
  const parsed = documentSchema.safeParse(yamlFrom(found[1]!, where));
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 10)
      .map(({ path, message }) => `${path.map(String).join(".") || "it"}: ${message}`);
    throw new HoopError("invalid", `${where} is wrong: ${problems.join("; ")}`);
  }
  return { document: parsed.data, body: found[2] ?? "" };
}

function yamlFrom(text: string, where: string): unknown {
  try {
    const document = parseDocument(text, {
      strict: true,
      uniqueKeys: true,
      merge: false,
      version: "1.2",
      schema: "core",
    });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem) throw new HoopError("invalid", `${where} is no YAML: ${problem.message.split("\n")[0]}`);
    // An alias could make a small text a huge tree.
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof HoopError) throw error;
    throw new HoopError(
      "invalid",
      `${where} is no YAML that a runbook may be: ${String((error as Error).message).slice(0, 200)}`,
      {
        cause: hoopErrorFrom(error),
      },
    );
  }
}
