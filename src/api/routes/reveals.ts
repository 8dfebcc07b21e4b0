import { z } from "zod";
import { reviewIdPattern, reviewLimits } from "../../reviews/index.js";
import { tokenForms } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { reviewSummarySchema } from "../review-schemas.js";
import { shownSummary } from "../show-review.js";

const requestSchema = z.strictObject({
  token: z.string().min(1).max(1_024).describe("As a masked result shows it."),
  purpose: z
    .string()
    .max(63)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "a purpose is one word")
    .transform((text) => text.toLowerCase())
    .describe("What the token was made for, as the mask's rule says."),
  column: z
    .string()
    .max(200)
    .regex(/^\P{C}+$/u, "a column is a name")
    .nullish()
    .describe(
      "Where it was seen: `public.customers.card`. Reviewers read it; it finds the form where rules make several.",
    ),
  as: z
    .enum([...tokenForms.filter((form) => form !== "email"), "integer"])
    .nullish()
    .describe("The form, where the rules leave it open; `integer` for one that was made of an integer."),
  because: z.string().min(1).max(reviewLimits.reason).describe("Why; reviewers read it."),
});
const one = z.object({ review: z.string().regex(reviewIdPattern, "a review is named like lusab-tofim") });

/** The value behind one token: asked for, decided on as any review, shown once. */
export const revealRoutes: Routes = (app, { deps }) => {
  app.route({
    method: "POST",
    url: "/reveals",
    config: { access: "subject", rateLimit: { max: 20, timeWindow: 60_000 } },
    schema: {
      summary: "Ask for the value behind a token",
      description:
        "Answers a review of kind `reveal`; asking again for the same, with the same reason, answers the same one. What cannot be turned back is refused before anybody is asked.",
      tags: ["reveals"],
      body: requestSchema,
      response: { 201: reviewSummarySchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const { token, purpose, column = null, as = null, because } = request.body;
      const { id } = await deps.reveals.request(subject, { token, purpose, column, as, because });
      const view = await deps.reviews.view(id, subject, false);
      return reply.code(201).send(shownSummary(view, subject, deps.reviewing));
    },
  });

  app.route({
    method: "POST",
    url: "/reveals/:review/value",
    config: { access: "subject", rateLimit: { max: 20, timeWindow: 60_000 } },
    schema: {
      summary: "The value, once: to who asked, after it was approved",
      description: "Uses the approval up and is recorded, both before the value is answered.",
      tags: ["reveals"],
      params: one,
      response: { 200: z.object({ value: z.string() }) },
    },
    handler: async (request) => ({
      value: await deps.reveals.open(principalOf(request).subject, request.params.review),
    }),
  });
};
