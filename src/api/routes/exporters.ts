import { z } from "zod";
import { type Exporter, exporterName, exportSources, exportTargetSchema, maySendTo } from "../../exporters/index.js";
import { deadline, HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import type { ExportersPort } from "../exporters-port.js";
import { iso, isoOrNull, noContentSchema, timeSchema } from "../schemas.js";

const one = z.object({ exporter: exporterName });
const draftSchema = z.strictObject({
  sources: z
    .array(z.enum(exportSources))
    .min(1)
    .max(2)
    .default(["events"])
    .describe("`events`, `entries` of recordings, or both."),
  target: exportTargetSchema,
  enabled: z.boolean().default(true),
  from: z
    .enum(["now", "beginning"])
    .default("now")
    .describe("Where a new exporter begins; one that is changed goes on."),
  secret: z
    .string()
    .min(1)
    .max(8_192)
    .nullish()
    .describe("A token, or the key of signatures. Never given back. Null removes it."),
});
const exporterSchema = z
  .object({
    name: z.string(),
    sources: z.array(z.enum(exportSources)),
    target: z.record(z.string(), z.unknown()),
    enabled: z.boolean(),
    version: z.number().int(),
    createdAt: timeSchema,
    deliveredAt: timeSchema.nullable(),
    delivered: z.number(),
    lost: z.number().describe("Events that were deleted before they were delivered."),
    lag: z.number().describe("Lines that it has not delivered yet."),
    cursor: z
      .object({ events: z.number().nullable(), entries: z.record(z.string(), z.number()) })
      .describe("The position of the last event that was delivered, and the last entry of each chain."),
    failures: z.number().int().describe("In a row."),
    problem: z.string().nullable(),
    replica: z.string().nullable().describe("Which replica delivers."),
  })
  .meta({ id: "Exporter", description: "Its secret is never shown." });

/** What leaves for tools elsewhere. */
export const exporterRoutes: Routes = (app, { deps, change }) => {
  const port = (): ExportersPort => {
    if (!deps.exporters) throw new HoopError("unsupported", "this gateway has no exporters");
    return deps.exporters;
  };

  app.route({
    method: "GET",
    url: "/exporters",
    config: { access: "events.read" },
    schema: {
      summary: "Exporters, and how far each is behind",
      tags: ["exporters"],
      response: { 200: z.object({ items: z.array(exporterSchema) }) },
    },
    handler: async () => ({ items: (await port().exporters.status()).map((all) => shown(all, all.lag)) }),
  });

  app.route({
    method: "PUT",
    url: "/exporters/:exporter",
    config: { access: "events.write" },
    schema: {
      summary: "Add an exporter, or change where it sends",
      tags: ["exporters"],
      params: one,
      body: draftSchema,
      response: { 200: exporterSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { secret, from, ...draft } = request.body;
      const name = request.params.exporter;
      // Entries are everybody's recordings.
      if (draft.sources.includes("entries") && !principal.rights.has("audit.export"))
        throw new HoopError("denied", "entries of recordings leave by the word of those who may take the audit");
      const { target } = draft;
      const host = "host" in target ? target.host : "url" in target ? new URL(target.url).hostname : null;
      if (host !== null && /^[\d.]+$|[:[]/.test(host) && !maySendTo(host))
        throw new HoopError(
          "invalid",
          `${host} is a metadata service, link-local or no single host; nothing is sent there`,
        );
      return change(principal, async () => {
        const { store, newest, putSecret, dropSecret, hasSecret } = port();
        const before = await store.get(name);
        // A secret goes where it was given for, and nowhere else.
        const moved =
          before !== null &&
          secret === undefined &&
          addressOf(before.target) !== addressOf(target) &&
          (await hasSecret(name));
        if (secret === null || moved) await dropSecret(name);
        else if (secret !== undefined) await putSecret(name, secret);
        const begin = from === "now" ? await newest() : { events: 0, entries: {} };
        const made = await store.put({ name, ...draft }, begin);
        return {
          answer: shown(made, 0),
          entry: {
            what: "exporter.written",
            target: name,
            before: before && stateOf(before),
            after: { ...stateOf(made), secretChanged: secret !== undefined || moved },
          },
        };
      });
    },
  });

  app.route({
    method: "DELETE",
    url: "/exporters/:exporter",
    config: { access: "events.write" },
    schema: {
      summary: "Remove an exporter with its cursor and secret",
      tags: ["exporters"],
      params: one,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const name = request.params.exporter;
      await change(principalOf(request), async () => {
        const before = await port().store.get(name);
        if (before === null || !(await port().store.remove(name))) throw noExporter();
        await port().dropSecret(name);
        return {
          answer: null,
          entry: { what: "exporter.removed", target: name, before: stateOf(before), after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/exporters/:exporter/test",
    config: { access: "events.write", rateLimit: { max: 20, timeWindow: 60_000 } },
    schema: {
      summary: "Send one line that says that it is a test",
      tags: ["exporters"],
      params: one,
      body: z.strictObject({}).optional(),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const found = await port().store.get(request.params.exporter);
      if (found === null) throw noExporter();
      await port().exporters.test(found, deadline(30_000));
      return reply.code(204).send(null);
    },
  });
};

const noExporter = () => new HoopError("not-found", "there is no such exporter", { hint: "hoop exporters ls" });

function addressOf(target: Exporter["target"]): string {
  return "url" in target ? target.url : "host" in target ? `${target.host}:${target.port}` : target.path;
}

function stateOf({ sources, target, enabled, version }: Exporter) {
  return { sources, kind: target.kind, to: addressOf(target), enabled, version };
}

function shown(exporter: Exporter, lag: number): z.infer<typeof exporterSchema> {
  const { name, sources, target, enabled, version, delivered, lost, failures, problem, replica } = exporter;
  return {
    ...{ name, enabled, version, delivered, lost, lag, failures, problem, replica },
    sources: [...sources],
    target: { ...target },
    cursor: { events: exporter.cursor.events, entries: { ...exporter.cursor.entries } },
    createdAt: iso(exporter.createdAt),
    deliveredAt: isoOrNull(exporter.deliveredAt),
  };
}
