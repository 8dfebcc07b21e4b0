import { z } from "zod";
import { eventType, person, text } from "./define.js";

const about = {
  review: text.describe("Its short name."),
  kind: z.enum(["statement", "session", "access", "reveal", "run"]),
  connections: z.array(text).max(50),
  rules: z.array(text).max(20).describe("Rules that ask for it."),
};
const sample = { review: "hr-4821", kind: "statement" as const, connections: ["pg-demo"], rules: ["big-deletes"] };

export const reviewRequested = eventType({
  type: "review.requested",
  summary: "Something waits for people.",
  data: z.object(about),
  sample,
});

const decided = { ...about, by: person.nullable().describe("Whoever decided last.") };
const by = { id: "c2a9d0b4-18f7-4e63-b5a1-0d7e93f8421c", name: "grace" };

export const reviewApproved = eventType({
  type: "review.approved",
  summary: "A review was approved, by as many people as its rules ask for.",
  data: z.object(decided),
  sample: { ...sample, by },
});

export const reviewDenied = eventType({
  type: "review.denied",
  summary: "Somebody said no to a review.",
  data: z.object(decided),
  sample: { ...sample, by },
});

export const reviewExpired = eventType({
  type: "review.expired",
  summary: "Nobody decided a review in time, or nobody used its approval.",
  data: z.object({ ...about, why: text }),
  sample: { ...sample, why: "undecided" },
});

export const breakGlass = eventType({
  type: "break-glass",
  summary: "Somebody went ahead without approval, as a rule allows in an emergency.",
  data: z.object({ ...about, by: person }),
  sample: { ...sample, by },
});
