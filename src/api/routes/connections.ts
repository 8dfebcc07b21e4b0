import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Connection, HoopError, upstreamTlsModes } from "../../vocabulary/index.js";
import { isAuditor, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { noContentSchema } from "../schemas.js";

const labels = z.record(z.string().max(63), z.string().max(256));
const tlsSchema = z.strictObject({
  mode: z.enum(upstreamTlsModes).optional(),
  ca: z.string().max(200_000).optional(),
  serverName: z.string().max(253).optional(),
});
const target = z.record(z.string(), z.unknown()).describe("What only this protocol knows: `user`, `database`, …");

const offerSchema = z.object({
  name: z.string(),
  protocol: z.string(),
  port: z.number().int(),
  labels: z.record(z.string(), z.string()),
  example: z.string().describe("What to type."),
  usable: z.boolean().describe("Whether the rules let you open it now."),
});
const connectionSchema = offerSchema
  .extend({
    id: z.uuid(),
    host: z.string(),
    agent: z.string().nullable(),
    tls: z.object({ mode: z.enum(upstreamTlsModes), ca: z.string().optional(), serverName: z.string().optional() }),
    target: z.record(z.string(), z.unknown()),
    exposesCredentialToAgent: z.boolean(),
    version: z.number().int(),
  })
  .meta({ id: "Connection", description: "Its secret is never shown." });
const anySchema = z.union([connectionSchema, offerSchema]);

const draftFields = {
  protocol: z.string().max(64),
  host: z.string().max(255),
  port: z.number().int().min(1).max(65_535).optional(),
  agent: z.string().max(64).nullish(),
  labels: labels.optional(),
  tls: tlsSchema.optional(),
  target: target.optional(),
  exposesCredentialToAgent: z.boolean().optional(),
  secret: z.string().max(8_192).nullish().describe("The password of the target's user. Never given back."),
};
const draftSchema = z.strictObject({ name: z.string().max(63), ...draftFields });
const editSchema = draftSchema.partial();
const named = z.object({ connection: z.string().max(64).describe("Name or id.") });

/** Connections: what they lead to for admins and auditors, what they are called for everybody who may use them. */
export const connectionRoutes: Routes = (app, { deps, change }) => {
  const { connections } = deps;

  function offer(request: FastifyRequest, connection: Connection): z.infer<typeof offerSchema> {
    const { name, protocol, port } = connection;
    return {
      name,
      protocol,
      port,
      labels: { ...connection.labels },
      example: deps.example(connection),
      usable: deps.mayConnect(principalOf(request).subject, connection),
    };
  }

  function whole(request: FastifyRequest, connection: Connection): z.infer<typeof connectionSchema> {
    return { ...offer(request, connection), ...stateOf(connection) };
  }

  /** Who may read everything sees it whole; others see what they may use, and of the rest not even whether it is there. */
  function seen(request: FastifyRequest, connection: Connection): z.infer<typeof anySchema> | null {
    if (isAuditor(principalOf(request).subject)) return whole(request, connection);
    const limited = offer(request, connection);
    return limited.usable ? limited : null;
  }

  app.route({
    method: "GET",
    url: "/connections",
    config: { access: "subject" },
    schema: {
      summary: "The connections that you may see, by name",
      tags: ["connections"],
      response: { 200: z.object({ items: z.array(anySchema) }) },
    },
    handler: async (request) => {
      const list = connections.source.list().map((connection) => seen(request, connection));
      return { items: list.filter((connection) => connection !== null) };
    },
  });

  app.route({
    method: "GET",
    url: "/connections/:connection",
    config: { access: "subject" },
    schema: { summary: "One connection", tags: ["connections"], params: named, response: { 200: anySchema } },
    handler: async (request, reply) => {
      const connection = connections.get(request.params.connection);
      const found = seen(request, connection);
      if (found === null) throw notFound(request.params.connection);
      if ("version" in found) reply.header("etag", `"${found.version}"`);
      return found;
    },
  });

  app.route({
    method: "POST",
    url: "/connections",
    config: { access: "admin" },
    schema: {
      summary: "Add a connection",
      tags: ["connections"],
      body: draftSchema,
      response: { 201: connectionSchema },
    },
    handler: async (request, reply) => {
      const { secret = null, ...draft } = request.body;
      const connection = await change(principalOf(request), async () => {
        const created = await connections.create(draft, secret);
        return {
          answer: created,
          entry: {
            what: "connection.created",
            target: created.name,
            before: null,
            after: { ...stateOf(created), secret: secret !== null },
          },
        };
      });
      return reply.code(201).send(whole(request, connection));
    },
  });

  app.route({
    method: "PATCH",
    url: "/connections/:connection",
    config: { access: "admin" },
    schema: {
      summary: "Change a connection; what is left out stays, `target` and `labels` are replaced whole",
      description:
        'With `If-Match: "<version>"` only that version is changed, else 412. A null secret removes the stored one.',
      tags: ["connections"],
      params: named,
      headers: z.object({ "if-match": z.string().max(40).optional() }),
      body: editSchema,
      response: { 200: connectionSchema },
    },
    handler: async (request, reply) => {
      const { secret, ...draft } = request.body;
      const version = versionFrom(request.headers["if-match"]);
      const connection = await change(principalOf(request), async () => {
        const { before, after } = await connections.edit(request.params.connection, draft, { version, secret });
        const changed = secret === undefined ? {} : { secretChanged: true };
        return {
          answer: after,
          entry: {
            what: "connection.changed",
            target: after.name,
            before: stateOf(before),
            after: { ...stateOf(after), ...changed },
          },
        };
      });
      reply.header("etag", `"${connection.version}"`);
      return whole(request, connection);
    },
  });

  app.route({
    method: "DELETE",
    url: "/connections/:connection",
    config: { access: "admin" },
    schema: {
      summary: "Remove a connection with its secret; open sessions end",
      tags: ["connections"],
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      await change(principalOf(request), async () => {
        const removed = await connections.remove(request.params.connection);
        return {
          answer: null,
          entry: { what: "connection.removed", target: removed.name, before: stateOf(removed), after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/connections/:connection/test",
    config: { access: "admin" },
    schema: {
      summary: "Log in at the target once, as a session would",
      tags: ["connections"],
      params: named,
      response: {
        200: z.object({
          ok: z.boolean(),
          serverVersion: z.string().nullable(),
          problem: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).nullable(),
        }),
      },
    },
    handler: async (request) => {
      const { subject } = principalOf(request);
      const connection = connections.get(request.params.connection);
      return change({ subject }, async () => {
        const result = await deps.testConnection(connection, subject, AbortSignal.timeout(20_000)).then(
          ({ serverVersion }) => ({ ok: true, serverVersion, problem: null }),
          (error: unknown) => {
            if (!(error instanceof HoopError)) throw error;
            return { ok: false, serverVersion: null, problem: error.toJSON() };
          },
        );
        return {
          answer: result,
          entry: { what: "connection.tested", target: connection.name, before: null, after: { ok: result.ok } },
        };
      });
    },
  });
};

function stateOf(connection: Connection) {
  const { id, name, protocol, host, port, agent, tls, exposesCredentialToAgent, version } = connection;
  return {
    id,
    name,
    protocol,
    host,
    port,
    agent,
    tls,
    labels: { ...connection.labels },
    target: { ...connection.target },
    exposesCredentialToAgent,
    version,
  };
}

function notFound(name: string): HoopError {
  return new HoopError("not-found", `no connection is named ${JSON.stringify(name)}`, { hint: "hoop connections ls" });
}

function versionFrom(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === "*") return undefined;
  const version = /^"?(\d{1,9})"?$/.exec(ifMatch)?.[1];
  if (version === undefined) throw new HoopError("invalid", "If-Match is not a connection's version");
  return Number(version);
}
