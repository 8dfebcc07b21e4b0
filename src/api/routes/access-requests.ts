import { z } from "zod";
import { reviewLimits } from "../../reviews/index.js";
import { effects } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { reviewSummarySchema } from "../review-schemas.js";
import { shownSummary } from "../show-review.js";

const requestSchema = z.strictObject({
  connections: z.array(z.string().max(63)).max(reviewLimits.connections).default([]).describe("Names."),
  labels: z
    .record(z.string().max(63), z.string().max(256))
    .default({})
    .describe("Connections that have all of these labels now; later ones are not meant."),
  effects: z.array(z.enum(effects)).min(1).max(effects.length),
  durationMs: z.number().int().min(reviewLimits.shortestGrantMs).max(reviewLimits.longestGrantMs),
  ticket: z.string().max(reviewLimits.ticket).nullish(),
  reason: z.string().min(1).max(reviewLimits.reason),
});

/** Asking for access that ends by itself. What was asked for is a review like any other: see `reviews`. */
export const accessRequestRoutes: Routes = (app, { deps }) => {
  const { reviews } = deps;

  app.route({
    method: "GET",
    url: "/access-requests/options",
    config: { access: "subject" },
    schema: {
      summary: "What you may ask for",
      tags: ["access"],
      response: {
        200: z.object({
          items: z.array(
            z.object({
              connection: z.string(),
              protocol: z.string(),
              labels: z.record(z.string(), z.string()),
              effects: z.array(z.enum(effects)),
              maxMs: z.number().int().describe("For how long at most."),
              usable: z.boolean().describe("Whether you may open it already."),
            }),
          ),
        }),
      },
    },
    handler: async (request) => {
      const { subject } = principalOf(request);
      return {
        items: reviews.requestable(subject).map(({ connection, effects: can, maxMs }) => ({
          connection: connection.name,
          protocol: connection.protocol,
          labels: { ...connection.labels },
          effects: [...can],
          maxMs,
          usable: deps.mayConnect(subject, connection),
        })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/access-requests",
    config: { access: "subject", rateLimit: { max: 20, timeWindow: 60_000 } },
    schema: {
      summary: "Ask for access that ends by itself",
      description:
        "Answers a review of kind `access`; once it is approved, access begins and lasts as long as was asked for.",
      tags: ["access"],
      body: requestSchema,
      response: { 201: reviewSummarySchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const { effects: wanted, ticket = null, ...more } = request.body;
      const review = await reviews.request(subject, { ...more, ticket, effects: [...new Set(wanted)] });
      const view = await reviews.view(review.id, subject, false);
      return reply.code(201).send(shownSummary(view, subject, deps.reviewing));
    },
  });
};
