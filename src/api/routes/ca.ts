import { z } from "zod";
import type { Routes } from "../app.js";

/** The authority that clients of lanes trust. */
export const caRoutes: Routes = (app, { deps }) => {
  app.route({
    method: "GET",
    url: "/ca",
    config: { access: "public" },
    schema: {
      summary: "The gateway's authority, PEM",
      tags: ["gateway"],
      produces: ["application/x-pem-file"],
      response: { 200: z.string() },
    },
    handler: async (_request, reply) => reply.type("application/x-pem-file").serializer(String).send(deps.authority()),
  });
};
