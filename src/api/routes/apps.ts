import { z } from "zod";
import { browserTokenOf } from "../access.js";
import type { Routes } from "../app.js";

/** From the console's session to a connection's own origin, and the keys behind tokens that say who asks. */
export const appRoutes: Routes = (app, { deps }) => {
  app.route({
    method: "GET",
    url: "/apps/:connection",
    config: { access: "public" },
    schema: {
      hide: true,
      params: z.object({ connection: z.string().regex(/^[a-z0-9-]{1,63}$/) }),
      querystring: z.object({ state: z.string().min(16).max(64), to: z.string().max(4_000).default("/") }),
    },
    handler: async (request, reply) => {
      const { connection } = request.params;
      const { state, to } = request.query;
      reply.header("cache-control", "no-store").header("referrer-policy", "no-referrer");
      const token = browserTokenOf(request);
      const who =
        token === undefined ? null : await deps.identity.authenticator.authenticateBrowser(token).catch(() => null);
      if (token === undefined || who === null) return reply.code(401).type("text/html").send(signIn);
      const next = deps.apps?.()?.enter({ token, connection, expires: who.expires.getTime() }, state, to) ?? null;
      return next === null ? reply.code(404).type("text/plain").send("there is no such site\n") : reply.redirect(next);
    },
  });
  app.route({
    method: "GET",
    url: "/.well-known/jwks.json",
    config: { access: "public" },
    schema: { hide: true },
    handler: async (_request, reply) =>
      reply.header("cache-control", "public, max-age=300").send(deps.jwks?.() ?? { keys: [] }),
  });
};

const signIn =
  '<!doctype html><meta charset="utf-8"><title>Hoop</title><p><a href="/">Sign in</a>, then open the site again.</p>\n';
