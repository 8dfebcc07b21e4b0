import { z } from "zod";
import type { Routes } from "../app.js";
import { iso, timeSchema } from "../schemas.js";

/** How this replica is. */
export const statusRoutes: Routes = (app, { deps }) => {
  app.route({
    method: "GET",
    url: "/version",
    config: { access: "public" },
    schema: { summary: "Which Hoop this is", tags: ["gateway"], response: { 200: z.object({ version: z.string() }) } },
    handler: async () => ({ version: deps.status().version }),
  });

  app.route({
    method: "GET",
    url: "/tunnel",
    config: { access: "subject" },
    schema: {
      summary: "Where tunnels dial",
      tags: ["gateway"],
      response: {
        200: z.object({
          url: z.string(),
          authority: z.string().describe("PEM of who vouches for it there; empty: the system's authorities do."),
        }),
      },
    },
    handler: async () => ({ ...deps.tunnel() }),
  });

  app.route({
    method: "GET",
    url: "/status",
    config: { access: "gateway.read" },
    schema: {
      summary: "How this replica is",
      tags: ["gateway"],
      response: {
        200: z.object({
          version: z.string(),
          replica: z.string(),
          startedAt: timeSchema,
          sessions: z.number().int(),
          agents: z.number().int(),
          policyVersion: z.string(),
          policyProblem: z.string().nullable(),
          storeStaleMs: z.number(),
          recording: z.boolean(),
          notReady: z.array(z.string()),
        }),
      },
    },
    handler: async () => {
      const status = deps.status();
      // Before the first answer it is as stale as can be, which JSON has no word for.
      const storeStaleMs = Math.min(Math.round(status.storeStaleMs), Number.MAX_SAFE_INTEGER);
      return { ...status, storeStaleMs, startedAt: iso(status.startedAt), notReady: [...deps.notReady()] };
    },
  });
};

/** For load balancers and supervisors; outside of `/api/v1`. */
export const healthRoutes: Routes = (app, { deps }) => {
  app.route({
    method: "GET",
    url: "/healthz",
    config: { access: "public" },
    schema: { summary: "The process answers", tags: ["gateway"], response: { 200: z.object({ ok: z.literal(true) }) } },
    handler: async () => ({ ok: true as const }),
  });

  app.route({
    method: "GET",
    url: "/livez",
    config: { access: "public" },
    schema: { summary: "The process answers", tags: ["gateway"], response: { 200: z.object({ ok: z.literal(true) }) } },
    handler: async () => ({ ok: true as const }),
  });

  app.route({
    method: "GET",
    url: "/readyz",
    config: { access: "public" },
    schema: {
      summary: "This replica should get traffic",
      tags: ["gateway"],
      response: { 200: z.object({ ok: z.boolean() }), 503: z.object({ ok: z.boolean() }) },
    },
    // Why not is for those who are signed in: /api/v1/status.
    handler: async (_request, reply) => {
      const ok = deps.notReady().length === 0;
      return reply.code(ok ? 200 : 503).send({ ok });
    },
  });
};
