import { z } from "zod";
import { HoopError } from "../../vocabulary/index.js";
import type { Routes } from "../app.js";

/** For Prometheus with a token; without one there is a listener of its own. */
export const metricsRoutes: Routes = (app, { deps }) => {
  app.route({
    method: "GET",
    url: "/metrics",
    config: { access: "gateway.read" },
    schema: {
      summary: "Metrics of this replica, in Prometheus' text format",
      tags: ["gateway"],
      response: { 200: z.string() },
    },
    handler: async (_request, reply) => {
      if (!deps.metrics) throw new HoopError("unsupported", "nothing is measured here");
      const { contentType, text } = await deps.metrics();
      return reply.type(contentType).send(text);
    },
  });
};
