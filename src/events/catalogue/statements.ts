import { z } from "zod";
import { effects } from "../../vocabulary/index.js";
import { count, eventType, reason, text } from "./define.js";

const asked = {
  statement: text.describe("`<session>:<n>`, as in the recording."),
  shown: text.nullable().describe("The text without its literals; null where it cannot be made safely."),
  phase: text,
  effects: z.array(z.enum(effects)),
  resources: z
    .array(z.object({ kind: text, name: text, access: text }))
    .max(100)
    .describe("What it reaches; the first 100."),
  attributes: z
    .record(z.string(), z.unknown())
    .describe("What the protocol publishes of it, without what the asker wrote."),
  shape: text.describe("The same for statements that differ in their literals only."),
  reasons: z.array(reason).max(10),
  policyVersion: text,
};
const askedSample = {
  statement: "0f6d8a52-7b3e-4c19-8d24-91e5c3b7a6f0:7",
  shown: "delete from customers where id > $1",
  phase: "statement",
  effects: ["destroy" as const],
  resources: [{ kind: "relation", name: "public.customers", access: "destroy" }],
  attributes: {},
  shape: "9c1e",
  policyVersion: "12",
};

export const statementDenied = eventType({
  type: "statement.denied",
  summary: "A statement was refused.",
  data: z.object(asked),
  sample: {
    ...askedSample,
    reasons: [{ rule: "no-deletes", code: "guard-denied", text: "customers are not deleted by hand" }],
  },
});

export const statementHeld = eventType({
  type: "statement.held",
  summary: "A statement waits for people, or for a second factor of its asker.",
  data: z.object({ ...asked, outcome: z.enum(["hold", "challenge"]) }),
  sample: {
    ...askedSample,
    outcome: "hold",
    reasons: [{ rule: "big-deletes", code: "guard-held", text: "deletes wait for a database administrator" }],
  },
});

const finished = {
  statement: text,
  rows: count,
  bytes: count,
  maskedCells: count,
  durationMs: count,
  tag: text.nullable().describe("The command's own word, such as `SELECT 5`."),
};
const finishedSample = { statement: askedSample.statement, rows: 40, bytes: 9_120, maskedCells: 0, durationMs: 12 };

export const statementMasked = eventType({
  type: "statement.masked",
  summary: "Values of a statement's answer were masked.",
  data: z.object({
    ...finished,
    detected: z.record(z.string(), count).describe("How often each kind of value was found, by detector."),
  }),
  sample: { ...finishedSample, maskedCells: 80, tag: "SELECT 40", detected: { email: 40 } },
});

export const statementSlow = eventType({
  type: "statement.slow",
  summary: "A statement took longer than HOOP_EVENTS_SLOW_MS, from its verdict to its end.",
  data: z.object({ ...finished, thresholdMs: count }),
  sample: { ...finishedSample, durationMs: 45_000, tag: "SELECT 40", thresholdMs: 10_000 },
});

export const statementFailed = eventType({
  type: "statement.failed",
  summary: "The target answered a statement with an error.",
  data: z.object({
    ...finished,
    error: text.describe("The target's own code, such as an SQLSTATE; its text is sealed."),
  }),
  sample: { ...finishedSample, rows: 0, bytes: 0, tag: null, error: "42P01" },
});
