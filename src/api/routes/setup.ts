import { z } from "zod";
import type { Routes } from "../app.js";
import { subjectSchema } from "../schemas.js";

/** The first admin. */
export const setupRoutes: Routes = (app, { deps, change }) => {
  app.route({
    method: "GET",
    url: "/setup",
    config: { access: "public" },
    schema: {
      summary: "Whether the first admin is still to be created",
      tags: ["setup"],
      response: { 200: z.object({ needed: z.boolean() }) },
    },
    handler: async () => ({ needed: await deps.identity.setup.needed() }),
  });

  app.route({
    method: "POST",
    url: "/setup",
    config: { access: "public", rateLimit: { max: 20, timeWindow: 60_000 } },
    schema: {
      summary: "Create the first admin with the token that the gateway printed",
      tags: ["setup"],
      body: z.strictObject({
        token: z.string().max(200),
        name: z.string().max(64),
        password: z.string().max(1024),
        email: z.email().max(254).optional(),
      }),
      response: { 201: subjectSchema },
    },
    handler: async (request, reply) => {
      const { token, ...admin } = request.body;
      const subject = await change(null, async () => {
        const created = await deps.identity.setup.complete(token, admin, request.ip);
        return {
          answer: created,
          by: created,
          entry: { what: "setup.completed", target: created.name, before: null, after: { groups: created.groups } },
        };
      });
      return reply.code(201).send({ ...subject, groups: [...subject.groups] });
    },
  });
};
