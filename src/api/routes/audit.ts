import { Readable } from "node:stream";
import { z } from "zod";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { entrySchema, pageQuerySchema, pageSchema } from "../schemas.js";

const verifiedSchema = z.object({
  ok: z.boolean(),
  entries: z.number().int(),
  chains: z.number().int(),
  problems: z.array(z.string()),
});

/** The proof that the record is whole. */
export const auditRoutes: Routes = (app, { deps, change }) => {
  const { audit } = deps;

  app.route({
    method: "GET",
    url: "/audit/changes",
    config: { access: "audit.read" },
    schema: {
      summary: "Administrative acts, warnings and gaps, newest first",
      tags: ["audit"],
      querystring: pageQuerySchema,
      response: { 200: pageSchema(entrySchema) },
    },
    handler: async (request) => {
      const { after = null, limit } = request.query;
      const { items, next } = await audit.changes(after, limit);
      return { items: items.map(({ entry }) => ({ ...entry })), next };
    },
  });

  app.route({
    method: "GET",
    url: "/audit/heads",
    config: { access: "audit.read" },
    schema: {
      summary: "The signed head of every chain, and the key to pin",
      tags: ["audit"],
      response: {
        200: z.object({
          publicKey: z.string().describe("PEM. Keep it where the gateway cannot write."),
          heads: z.array(z.record(z.string(), z.unknown())),
        }),
      },
    },
    handler: async () => ({ publicKey: audit.publicKey(), heads: (await audit.heads()).map((head) => ({ ...head })) }),
  });

  app.route({
    method: "GET",
    url: "/audit/export",
    config: { access: "audit.export" },
    schema: {
      summary: "Everything recorded, for `hoop audit verify`",
      tags: ["audit"],
      produces: ["application/x-ndjson"],
    },
    handler: async (request, reply) => {
      const leaving = new AbortController();
      request.raw.once("close", () => leaving.abort());
      // That somebody took it all is itself worth an entry; it is written before the first byte leaves.
      await change(principalOf(request), async () => ({
        answer: null,
        entry: { what: "audit.exported", target: "audit", before: null, after: null },
      }));
      return reply
        .type("application/x-ndjson")
        .header("content-disposition", 'attachment; filename="hoop-audit.ndjson"')
        .send(Readable.from(audit.export(leaving.signal), { objectMode: false }));
    },
  });

  app.route({
    method: "POST",
    url: "/audit/verify",
    config: { access: "audit.read", rateLimit: { max: 10, timeWindow: 60_000 } },
    schema: {
      summary: "Verify every chain here",
      description:
        "Quick to ask, but the gateway judges itself: for proof, export and verify elsewhere with the pinned key.",
      tags: ["audit"],
      response: { 200: verifiedSchema },
    },
    handler: async (request) => {
      const leaving = new AbortController();
      request.raw.once("close", () => leaving.abort());
      const result = await audit.verify(leaving.signal);
      return { ...result, problems: [...result.problems] };
    },
  });
};
