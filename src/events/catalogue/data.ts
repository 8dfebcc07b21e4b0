import { z } from "zod";
import { count, eventType, text } from "./define.js";

export const budgetCrossed = eventType({
  type: "budget.crossed",
  summary: "A statement used up what was left of a budget.",
  data: z.object({
    statement: text,
    rule: text,
    measure: text.describe("`rows`, `bytes`, `statements` or `subjects`."),
    window: text.describe("`session`, `hour` or `day`."),
    used: count,
    limit: count,
  }),
  sample: {
    statement: "0f6d8a52-7b3e-4c19-8d24-91e5c3b7a6f0:7",
    rule: "rows-a-day",
    measure: "rows",
    window: "day",
    used: 10_040,
    limit: 10_000,
  },
});

export const sensitiveSeen = eventType({
  type: "sensitive.seen",
  summary: "A detector found a kind of sensitive value on a connection for the first time.",
  data: z.object({ statement: text, kind: text.describe("The detector's name."), values: count }),
  sample: { statement: "0f6d8a52-7b3e-4c19-8d24-91e5c3b7a6f0:7", kind: "credit-card", values: 12 },
});
