import { z } from "zod";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";

/** Keys of what is sealed. */
export const secretRoutes: Routes = (app, { deps, change }) => {
  app.route({
    method: "POST",
    url: "/secrets/rotate",
    config: { access: "secrets.rotate", rateLimit: { max: 10, timeWindow: 60_000 } },
    schema: {
      summary: "A new data key, and every secret sealed anew under it",
      tags: ["secrets"],
      response: { 200: z.object({ resealed: z.number().int(), keyId: z.string() }) },
    },
    handler: (request) =>
      change(principalOf(request), async () => {
        const result = await deps.secrets.rotate();
        return {
          answer: { ...result },
          entry: { what: "secrets.rotated", target: "secrets", before: null, after: result },
        };
      }),
  });
};
