import { z } from "zod";
import { count, eventType, text } from "./define.js";

export const runbookFinished = eventType({
  type: "runbook.finished",
  summary: "A run of a runbook ended. The subject is on whose authority it ran.",
  data: z.object({
    run: text,
    runbook: text,
    outcome: z.enum(["succeeded", "failed", "cancelled", "timed-out"]),
    steps: count.describe("Steps that were begun, without compensations and without those that were passed over."),
    durationMs: count,
    error: text.nullable(),
  }),
  about: "nothing",
  sample: {
    run: "d85b1c70-6e2f-4f3a-8c91-2ab7f0e4d953",
    runbook: "record-who",
    outcome: "succeeded",
    steps: 2,
    durationMs: 840,
    error: null,
  },
});

export const gatewayDegraded = eventType({
  type: "gateway.degraded",
  summary: "A gateway cannot do its work as it should, or can again: then `reasons` is empty.",
  data: z.object({ replica: text, reasons: z.array(text).max(10) }),
  about: "nothing",
  sample: { replica: "7d1f0a3c-94be-4c52-8a67-e0b5d2c9f318", reasons: ["the newest policy is not in force"] },
});

export const exporterLost = eventType({
  type: "exporter.lost",
  summary: "Events that an exporter had not delivered yet were deleted, as they were older than events are kept.",
  data: z.object({ exporter: text, events: count }),
  about: "nothing",
  sample: { exporter: "siem", events: 120 },
});
