import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Connection, deadline, HoopError, upstreamTlsModes } from "../../vocabulary/index.js";
import { denied, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { noContentSchema } from "../schemas.js";

const labels = z.record(z.string().max(63), z.string().max(256));
const tlsSchema = z.strictObject({
  mode: z.enum(upstreamTlsModes).optional(),
  ca: z.string().max(200_000).optional(),
  serverName: z.string().max(253).optional(),
});
const target = z.record(z.string(), z.unknown()).describe("What only this protocol knows: `user`, `database`, …");

const credentialSchema = z
  .strictObject({
    users: z.enum(["auto", "ephemeral", "static"]).optional().describe("Whether each session has a user of its own."),
    roles: z.array(z.string().max(63)).max(16).optional().describe("Roles at the target that such a user is given."),
    owner: z.string().max(63).optional().describe("Who gets what such a user owned."),
    primary: z.string().max(63).optional().describe("The connection where users are made for a hot standby."),
    followers: z
      .array(z.string().max(63))
      .max(16)
      .optional()
      .describe("Connections that may name this one as primary."),
    from: z
      .string()
      .max(520)
      .optional()
      .describe("`vault:kv/data/pg-prod#password`, `aws:NAME#KEY`, `env:NAME`, `file:PATH`."),
    rotateDays: z
      .number()
      .int()
      .min(1)
      .max(3_650)
      .optional()
      .describe("The stored password is changed after so many days."),
  })
  .meta({ id: "ConnectionCredential" });

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
    credential: credentialSchema.nullable(),
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
  credential: credentialSchema.nullish().describe("Replaced whole; null: nothing is said."),
  secret: z.string().max(8_192).nullish().describe("The password of the target's user. Never given back."),
};
const draftSchema = z.strictObject({ name: z.string().max(63), ...draftFields });
const editSchema = draftSchema.partial();
const named = z.object({ connection: z.string().max(64).describe("Name or id.") });

/** Connections: what they lead to for those who may read them, what they are called for everybody who may use them. */
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
    if (principalOf(request).rights.hasOn("connections.read", connection)) return whole(request, connection);
    const limited = offer(request, connection);
    return limited.usable ? limited : null;
  }

  /** One that the caller has the permission on; of one that they do not even see, not whether it is there. */
  function allowed(request: FastifyRequest, permission: "connections.write" | "connections.test"): Connection {
    const { connection: named } = request.params as { readonly connection: string };
    const connection = connections.get(named);
    if (principalOf(request).rights.hasOn(permission, connection)) return connection;
    throw seen(request, connection) === null ? notFound(named) : denied(permission, `that on ${connection.name}`);
  }

  /** Throws where it would be, or become, one that the caller may not write. */
  function checkPlace(request: FastifyRequest, place: Pick<Connection, "name" | "labels">): void {
    if (!principalOf(request).rights.hasOn("connections.write", place))
      throw denied("connections.write", "that on a connection with these labels");
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
    config: { access: "connections.write", scoped: true },
    schema: {
      summary: "Add a connection",
      tags: ["connections"],
      body: draftSchema,
      response: { 201: connectionSchema },
    },
    handler: async (request, reply) => {
      const { secret = null, ...draft } = request.body;
      checkPlace(request, { name: draft.name.toLowerCase(), labels: draft.labels ?? {} });
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
    config: { access: "connections.write", scoped: true },
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
      const found = allowed(request, "connections.write");
      checkPlace(request, { name: draft.name?.toLowerCase() ?? found.name, labels: draft.labels ?? found.labels });
      const everywhere = principalOf(request).rights.has("connections.write");
      // Recordings are found by a connection's name: one's own, renamed, must not become the key to another's.
      if (!everywhere && draft.name !== undefined && draft.name !== found.name)
        throw denied("connections.write", "renaming a connection; everywhere, that is");
      // What was judged is what is changed: its labels may be others by then.
      const version = versionFrom(request.headers["if-match"]) ?? (everywhere ? undefined : found.version);
      const connection = await change(principalOf(request), async () => {
        const { before, after } = await connections.edit(found.id, draft, { version, secret });
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
    config: { access: "connections.write", scoped: true },
    schema: {
      summary: "Remove a connection with its secret; open sessions end",
      tags: ["connections"],
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const found = allowed(request, "connections.write");
      await change(principalOf(request), async () => {
        const removed = await connections.remove(found.id);
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
    config: { access: "connections.test", scoped: true },
    schema: {
      summary: "Log in at the target once, as a session would",
      description:
        "Protocols without a login of their own (SSH, HTTP, TCP) have the target reached only; `serverVersion` is null then.",
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
      const connection = allowed(request, "connections.test");
      return change({ subject }, async () => {
        const result = await deps.testConnection(connection, subject, deadline(20_000)).then(
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
    credential: credentialShown(connection.credential),
    version,
  };
}

function credentialShown(credential: Connection["credential"]): z.infer<typeof credentialSchema> | null {
  if (credential === undefined) return null;
  const { roles, followers, ...rest } = credential;
  return { ...rest, ...(roles ? { roles: [...roles] } : {}), ...(followers ? { followers: [...followers] } : {}) };
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
