import { z } from "zod";
import { reviewIdPattern } from "../../reviews/index.js";
import { denied, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { grantSchema } from "../review-schemas.js";
import { cursorFrom, cursorTo, noContentSchema, pageQuerySchema, pageSchema } from "../schemas.js";
import { shownGrant } from "../show-review.js";

const filterSchema = pageQuerySchema.extend({
  view: z.enum(["mine", "all"]).default("mine").describe("`all`: everybody's, for those who have `grants.read`."),
  live: z.stringbool().default(false).describe("Only those in force."),
});

/** Access that was asked for and approved, until it ends. */
export const grantRoutes: Routes = (app, { deps }) => {
  const { reviews } = deps;

  app.route({
    method: "GET",
    url: "/grants",
    config: { access: "subject" },
    schema: {
      summary: "Grants, newest first",
      tags: ["access"],
      querystring: filterSchema,
      response: { 200: pageSchema(grantSchema) },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const { view, live, limit, after } = request.query;
      if (view === "all" && !rights.has("grants.read")) throw denied("grants.read", "view=all");
      const cursor =
        after === undefined
          ? undefined
          : cursorTo(after, z.tuple([z.number().int().min(0).max(8.64e15), z.string().max(32)]));
      const list = await reviews.listGrants({
        live,
        limit,
        ...(view === "mine" ? { subject: subject.id } : {}),
        ...(cursor === undefined ? {} : { before: { since: cursor[0], id: cursor[1] } }),
      });
      const last = list.at(-1);
      return {
        items: list.map(shownGrant),
        next: last === undefined || list.length < limit ? null : cursorFrom([last.since, last.id]),
      };
    },
  });

  app.route({
    method: "DELETE",
    url: "/grants/:grant",
    config: { access: "subject", rateLimit: { max: 120, timeWindow: 60_000 } },
    schema: {
      summary: "End a grant now; sessions that rest on it end within a second",
      description: "Your own, one that you may approve, or with `grants.end` anybody's.",
      tags: ["access"],
      params: z.object({ grant: z.string().regex(reviewIdPattern, "a grant is named like lusab-tofim") }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject, rights } = principalOf(request);
      await reviews.endGrant(request.params.grant, subject, rights.has("grants.end"));
      return reply.code(204).send(null);
    },
  });
};
