import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { HoopError } from "../vocabulary/index.js";
import type { App } from "./app.js";
import { sendProblem } from "./problem.js";

/** Whether a console was built there. */
export function consoleIn(folder: string | null | undefined): folder is string {
  return typeof folder === "string" && existsSync(join(folder, "index.html"));
}

/** Serves the built console; every path that is no file of it and no route is its page. */
export async function serveConsole(app: App, folder: string | null): Promise<void> {
  app.setNotFoundHandler(notFound);
  if (folder === null) return;
  // `serve: false`: the plugin adds no route of its own, so ours alone says who may read what.
  await app.register(fastifyStatic, { root: folder, serve: false, cacheControl: false });
  app.route({
    method: "GET",
    url: "/*",
    config: { access: "public" },
    schema: { hide: true, params: z.object({ "*": z.string() }) },
    handler: (request, reply) => {
      const path = request.params["*"];
      if (/^api(\/|$)/.test(path)) return notFound(request, reply);
      // A path of the console itself has no dot in its last part; a file has.
      const file = /\.[^/]*$/.test(path) ? path : "index.html";
      // Built names carry a hash; the page itself is asked for anew each time.
      reply.header("cache-control", file.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache");
      return reply.sendFile(file);
    },
  });
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split("?", 1)[0]!.slice(0, 200);
  reply.header("cache-control", "no-store");
  return sendProblem(
    reply,
    new HoopError("not-found", `there is no ${request.method} ${path}`, {
      hint: "the routes are in /api/v1/openapi.json",
    }),
  );
}
