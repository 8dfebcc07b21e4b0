import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { HoopError } from "../vocabulary/index.js";
import type { App } from "./app.js";
import { sendProblem } from "./problem.js";

/** Whether a console was built there. */
export function consoleIn(folder: string | null | undefined): folder is string {
  return typeof folder === "string" && existsSync(join(folder, "index.html"));
}

/** Serves the built console; every path that is no file of it and no route is its page. */
export async function serveConsole(app: App, folder: string | null): Promise<void> {
  if (folder !== null) {
    app.addHook("onRoute", (route) => {
      // The plugin's own routes: files that anybody may read.
      if (route.config?.access === undefined) route.config = { ...route.config, access: "public" };
    });
    await app.register(fastifyStatic, {
      root: folder,
      index: false,
      wildcard: false,
      // Built names carry a hash; the page itself is asked for anew each time.
      setHeaders: (reply, path) =>
        reply.setHeader(
          "cache-control",
          /[\\/]assets[\\/]/.test(path) ? "public, max-age=31536000, immutable" : "no-cache",
        ),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const page =
      folder !== null &&
      (request.method === "GET" || request.method === "HEAD") &&
      !/^\/api(\/|$)/.test(request.url) &&
      !/\.\w+($|\?)/.test(request.url);
    if (page) return reply.header("cache-control", "no-cache").sendFile("index.html");
    return sendProblem(
      reply,
      new HoopError("not-found", `there is no ${request.method} ${request.url.split("?", 1)[0]!.slice(0, 200)}`, {
        hint: "the routes are in /api/v1/openapi.json",
      }),
    );
  });
}
