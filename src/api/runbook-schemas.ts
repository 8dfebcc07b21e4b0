import { z } from "zod";
import { type Run, type Runbook, runStates, type StepRecord, type StoredRunbook } from "../runbooks/index.js";
import { iso, isoOrNull, timeSchema } from "./schemas.js";

const partySchema = z.object({ id: z.string(), name: z.string() });

export const parameterSchema = z.object({
  name: z.string(),
  type: z.enum(["string", "enum", "number", "boolean", "connection"]),
  title: z.string().optional(),
  help: z.string().optional(),
  optional: z.boolean(),
  secret: z.boolean(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  pattern: z.string().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  multiline: z.boolean().optional(),
  values: z.array(z.string()).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  integer: z.boolean().optional(),
  protocol: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

export const runbookSummarySchema = z
  .object({
    name: z.string(),
    title: z.string(),
    version: z.number().int(),
    origin: z.string().describe("`store`, or the repository and the commit that it came from."),
    steps: z.number().int(),
    parameters: z.number().int(),
    review: z.boolean().describe("Whether a run waits for people."),
    runsAs: z.string().nullable().describe("The service account whose rights a run has; null: yours."),
    schedules: z.array(z.string()),
    mayRun: z.boolean(),
    changedAt: timeSchema,
    changedBy: z.string(),
    problem: z.string().nullable().describe("Why it cannot be run."),
  })
  .meta({ id: "RunbookSummary" });

export const runbookSchema = runbookSummarySchema
  .extend({
    text: z.string(),
    body: z.string(),
    form: z.array(parameterSchema),
    plan: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        kind: z.enum(["sql", "run", "http"]),
        connection: z.string(),
        when: z.string().nullable(),
        text: z.string(),
        compensates: z.boolean(),
      }),
    ),
  })
  .meta({ id: "Runbook" });

export const runSchema = z
  .object({
    id: z.uuid(),
    runbook: z.string(),
    version: z.number().int(),
    state: z.enum(runStates),
    origin: z.enum(["person", "rule", "schedule"]),
    runsAs: partySchema,
    askedBy: partySchema,
    cause: z.array(z.object({ event: z.string(), rule: z.string(), run: z.string().nullable() })),
    review: z.string().nullable(),
    createdAt: timeSchema,
    startedAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: "Run", description: "A run of a runbook." });

export const runDetailSchema = runSchema
  .extend({
    parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    steps: z.array(
      z.object({
        n: z.number().int(),
        phase: z.enum(["step", "compensation"]),
        name: z.string(),
        state: z.enum(["running", "succeeded", "failed", "skipped", "interrupted"]),
        connection: z.string().nullable(),
        session: z.string().nullable().describe("The recorded session in which it ran."),
        startedAt: timeSchema,
        endedAt: timeSchema.nullable(),
        sent: z.string().nullable(),
        error: z.string().nullable(),
        result: z
          .object({
            rows: z.number(),
            columns: z.array(z.string()),
            sample: z.array(z.array(z.string().nullable())),
            exit: z.number().nullable(),
            stdout: z.string(),
            stderr: z.string(),
            status: z.number().nullable(),
            body: z.string(),
            cut: z.number(),
          })
          .nullable(),
      }),
    ),
    mayCancel: z.boolean(),
  })
  .meta({ id: "RunDetail" });

export function originText({ origin }: Pick<StoredRunbook, "origin">): string {
  return origin.kind === "store" ? "store" : `${origin.source}:${origin.path}@${origin.commit.slice(0, 12)}`;
}

export function shownRun(run: Run): z.infer<typeof runSchema> {
  const { id, runbook, version, state, origin, subject, asker, cause, review, error } = run;
  return {
    ...{ id, runbook, version, state, origin, review, error },
    runsAs: { ...subject },
    askedBy: { ...asker },
    cause: cause.map((link) => ({ ...link })),
    createdAt: iso(run.createdAt),
    startedAt: isoOrNull(run.startedAt),
    endedAt: isoOrNull(run.endedAt),
  };
}

export function shownStep(step: StepRecord): z.infer<typeof runDetailSchema>["steps"][number] {
  const { result } = step;
  return {
    ...step,
    startedAt: iso(step.startedAt),
    endedAt: isoOrNull(step.endedAt),
    result: result && { ...result, columns: [...result.columns], sample: result.sample.map((row) => [...row]) },
  };
}

export function shownSummary(
  stored: StoredRunbook,
  runbook: Runbook | string,
  mayRun: boolean,
): z.infer<typeof runbookSummarySchema> {
  const broken = typeof runbook === "string";
  return {
    name: stored.name,
    title: broken ? stored.name : runbook.title,
    version: stored.version,
    origin: originText(stored),
    steps: broken ? 0 : runbook.steps.length,
    parameters: broken ? 0 : runbook.parameters.length,
    review: !broken && Boolean(runbook.review),
    runsAs: broken ? null : runbook.as,
    schedules: broken ? [] : runbook.schedules.map(({ cron, zone }) => `${cron} (${zone})`),
    mayRun: mayRun && !broken,
    changedAt: iso(stored.at),
    changedBy: stored.by.name,
    problem: broken ? runbook : null,
  };
}

export function shownRunbook(stored: StoredRunbook, runbook: Runbook, mayRun: boolean): z.infer<typeof runbookSchema> {
  return {
    ...shownSummary(stored, runbook, mayRun),
    text: stored.text,
    body: runbook.body,
    form: runbook.parameters.map((parameter) => ({ ...parameter })),
    plan: runbook.steps.map(({ name, title, action, when, compensate }) => ({
      name,
      title,
      kind: action.kind,
      connection: "connection" in action.where ? action.where.connection : `{{${action.where.parameter}}}`,
      when: when?.text ?? null,
      text: action.text,
      compensates: compensate !== null,
    })),
  };
}
