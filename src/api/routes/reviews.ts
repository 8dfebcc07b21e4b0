import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type ReviewFilter, reviewIdPattern, reviewKinds, reviewLimits, reviewStates } from "../../reviews/index.js";
import { deadline, HoopError } from "../../vocabulary/index.js";
import { denied, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { commentSchema, contentSchema, reviewSchema, reviewSummarySchema } from "../review-schemas.js";
import { cursorFrom, cursorTo, pageQuerySchema, pageSchema } from "../schemas.js";
import { isParty, shownComment, shownReview, shownSummary } from "../show-review.js";

const one = z.object({ review: z.string().regex(reviewIdPattern, "a review is named like lusab-tofim") });
const filterSchema = pageQuerySchema.extend({
  view: z
    .enum(["decide", "mine", "all"])
    .default("decide")
    .describe(
      "`decide`: those that wait for your word. `mine`: what you asked for. `all`: everybody's, for those who have `reviews.read`.",
    ),
  state: z.enum(reviewStates).optional(),
  kind: z.enum(reviewKinds).optional(),
  connection: z.string().max(63).optional(),
});
const reasonField = z.string().max(reviewLimits.reason).optional().describe("Why; some rules ask for it.");
const verdicts = [
  ["approve", "approve", "Approve what is held; when nothing is missing any more, it goes ahead"],
  ["deny", "deny", "Deny it: that ends the review, also when it was approved and not used yet"],
  [
    "break-glass",
    "break-glass",
    "Go ahead with what you asked for, without approval: recorded, and shown to everybody",
  ],
] as const;

/** Longest that a watch waits, and how many one subject may have. */
const longestWaitSeconds = 25;
const maxWatches = 16;
const writes = { rateLimit: { max: 120, timeWindow: 60_000 } };

/** What waits for people: the reviews that one asked for, those that one decides on, and for auditors everybody's. */
export const reviewRoutes: Routes = (app, { deps, change }) => {
  const { reviews, reviewing } = deps;
  const watches = new Map<string, number>();
  const closing = new AbortController();
  // A gateway that stops does not wait for those who wait.
  app.addHook("preClose", async () => closing.abort());

  const seen = async (request: FastifyRequest, id: string) => {
    const { subject, rights } = principalOf(request);
    if (rights.has("reviews.read") || !rights.hasSomewhere("reviews.read"))
      return reviews.view(id, subject, rights.has("reviews.read"));
    const view = await reviews.view(id, subject, true);
    const { connections: about } = view.review;
    const found = about.map(({ id: wanted }) => deps.connections.source.list().find((one) => one.id === wanted));
    const mine = found.length > 0 && found.every((one) => one !== undefined && rights.hasOn("reviews.read", one));
    return mine ? view : reviews.view(id, subject, false);
  };

  async function whole(request: FastifyRequest, id: string) {
    const { subject, rights } = principalOf(request);
    const view = await seen(request, id);
    const [comments, rehearsal, grant] = await Promise.all([
      reviews.comments(id),
      reviews.rehearsal(id),
      view.review.kind === "access" ? reviews.grant(id) : null,
    ]);
    const masked = rehearsal === null ? null : reviewing.maskRehearsal(subject, view.review, rehearsal);
    return shownReview(view, subject, reviewing, {
      comments,
      rehearsal: masked,
      grant,
      admin: rights.has("grants.end"),
    });
  }

  app.route({
    method: "GET",
    url: "/reviews",
    config: { access: "subject" },
    schema: {
      summary: "Reviews, newest first",
      tags: ["reviews"],
      querystring: filterSchema,
      response: { 200: pageSchema(reviewSummarySchema) },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const { view, state, kind, connection, limit, after } = request.query;
      if (view === "all" && !rights.has("reviews.read")) throw denied("reviews.read", "view=all");
      const cursor =
        after === undefined
          ? undefined
          : cursorTo(after, z.tuple([z.number().int().min(0).max(8.64e15), z.string().max(32)]));
      const filter: ReviewFilter = {
        limit,
        kind,
        connection,
        ...(state === undefined ? {} : { states: [state] }),
        ...(cursor === undefined ? {} : { before: { openedAt: cursor[0], id: cursor[1] } }),
        ...(view === "mine" ? { requester: subject.id } : {}),
        ...(view === "decide" ? { toDecide: { reviewer: subject.id, groups: decidingGroups(subject) } } : {}),
      };
      const list = await reviews.list(filter, subject);
      const last = list.at(-1)?.review;
      return {
        items: list.map((one) => shownSummary(one, subject, reviewing)),
        next: last === undefined || list.length < limit ? null : cursorFrom([last.openedAt, last.id]),
      };
    },
  });

  app.route({
    method: "GET",
    url: "/reviews/count",
    config: { access: "subject" },
    schema: {
      summary: "How many reviews wait for your word",
      tags: ["reviews"],
      response: { 200: z.object({ toDecide: z.number().int() }) },
    },
    handler: async (request) => ({ toDecide: await reviews.toDecide(principalOf(request).subject) }),
  });

  app.route({
    method: "GET",
    url: "/reviews/:review",
    config: { access: "subject" },
    schema: {
      summary: "One review: what is held, why, what is missing, what it would do",
      description: "Its requester, those who may decide and auditors see it; for others it is not there.",
      tags: ["reviews"],
      params: one,
      response: { 200: reviewSchema },
    },
    handler: (request) => whole(request, request.params.review),
  });

  app.route({
    method: "GET",
    url: "/reviews/:review/content",
    config: { access: "subject", rateLimit: { max: 60, timeWindow: 60_000 } },
    schema: {
      summary: "The whole text, bind values and earlier statements",
      description: "A look by somebody who neither asked nor decides is recorded before it is answered.",
      tags: ["reviews"],
      params: one,
      response: { 200: contentSchema },
    },
    handler: async (request) => {
      const { review: id } = request.params;
      const { subject } = principalOf(request);
      const view = await seen(request, id);
      if (!isParty(view, subject)) {
        await change({ subject }, async () => ({
          answer: null,
          entry: {
            what: "review.revealed",
            target: id,
            before: null,
            after: { requester: view.review.requester.name },
          },
        }));
      }
      const { text, values, transaction } = await reviews.body(id);
      return { text, values: values === null ? null : [...values], transaction: [...transaction] };
    },
  });

  app.route({
    method: "GET",
    url: "/reviews/:review/watch",
    config: { access: "subject", rateLimit: { max: 240, timeWindow: 60_000 } },
    schema: {
      summary: "Wait until a review changes",
      description:
        "Answers at once when it is not at `version` any more, else with its next change, or unchanged when the time is up.",
      tags: ["reviews"],
      params: one,
      querystring: z.object({
        version: z.coerce.number().int().describe("What you have."),
        wait: z.coerce.number().int().min(0).max(longestWaitSeconds).default(longestWaitSeconds).describe("Seconds."),
      }),
      response: { 200: z.object({ version: z.number().int(), state: z.enum(reviewStates), changed: z.boolean() }) },
    },
    handler: async (request) => {
      const { review: id } = request.params;
      const { version, wait } = request.query;
      const { subject } = principalOf(request);
      await seen(request, id);
      const own = watches.get(subject.id) ?? 0;
      if (own >= maxWatches) throw new HoopError("limited", `you wait for ${own} reviews already`);
      watches.set(subject.id, own + 1);
      const leaving = new AbortController();
      const leave = () => leaving.abort();
      request.raw.socket.once("close", leave);
      try {
        await reviews.changed(id, version, deadline(wait * 1_000, closing.signal, leaving.signal));
      } finally {
        request.raw.socket.off("close", leave);
        const left = (watches.get(subject.id) ?? 1) - 1;
        if (left > 0) watches.set(subject.id, left);
        else watches.delete(subject.id);
      }
      // Rights may have gone while we waited.
      const { review } = await seen(request, id);
      return { version: review.version, state: review.state, changed: review.version !== version };
    },
  });

  for (const [path, verdict, summary] of verdicts) {
    app.route({
      method: "POST",
      url: `/reviews/:review/${path}`,
      config: { access: "subject", ...writes },
      schema: {
        summary,
        tags: ["reviews"],
        params: one,
        body: z.strictObject({ reason: reasonField }).nullish(),
        response: { 200: reviewSchema },
      },
      handler: async (request) => {
        const { review: id } = request.params;
        await seen(request, id);
        await reviews.decide(id, verdict, principalOf(request).subject, request.body?.reason ?? null);
        return whole(request, id);
      },
    });
  }

  app.route({
    method: "POST",
    url: "/reviews/:review/withdraw",
    config: { access: "subject", ...writes },
    schema: {
      summary: "Take back what you asked for",
      tags: ["reviews"],
      params: one,
      response: { 200: reviewSchema },
    },
    handler: async (request) => {
      const { review: id } = request.params;
      await seen(request, id);
      await reviews.withdraw(id, principalOf(request).subject);
      return whole(request, id);
    },
  });

  app.route({
    method: "POST",
    url: "/reviews/:review/comments",
    config: { access: "subject", ...writes },
    schema: {
      summary: "Say something to the others who see a review",
      tags: ["reviews"],
      params: one,
      body: z.strictObject({ text: z.string().max(reviewLimits.comment) }),
      response: { 201: commentSchema },
    },
    handler: async (request, reply) => {
      const { review: id } = request.params;
      await seen(request, id);
      const comment = await reviews.comment(id, principalOf(request).subject, request.body.text);
      return reply.code(201).send(shownComment(comment));
    },
  });
};

/** Only people decide. */
function decidingGroups({ kind, groups }: { readonly kind: string; readonly groups: readonly string[] }) {
  return kind === "person" ? groups : [];
}
