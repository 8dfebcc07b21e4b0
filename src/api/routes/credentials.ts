import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { NativeCredential } from "../../secrets/native/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { denied, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, isoOrNull, noContentSchema, timeSchema } from "../schemas.js";

const credentialSchema = z
  .object({
    id: z.uuid(),
    user: z.string(),
    subject: z.object({ id: z.uuid(), name: z.string() }),
    connection: z.string(),
    addresses: z.array(z.string()),
    madeAt: timeSchema,
    expires: timeSchema,
    lastUsed: timeSchema.nullable(),
  })
  .meta({ id: "NativeCredential", description: "A short-lived password for native clients; it is never shown again." });
const placeSchema = z.object({
  host: z.string(),
  port: z.number().int(),
  database: z.string(),
  authority: z
    .string()
    .nullable()
    .describe("PEM of the authority behind the host's certificate; null: the system's own."),
  tls: z.boolean(),
});
const issuedSchema = z.object({
  credential: credentialSchema,
  password: z.string().describe("Shown this once."),
  place: placeSchema,
  strings: z.record(z.string(), z.string()).describe("What to paste into psql, JDBC, DBeaver, DataGrip, .pgpass."),
});
const issueSchema = z.strictObject({
  connection: z.string().max(63),
  ttlSeconds: z
    .number()
    .int()
    .min(60)
    .max(90 * 86_400)
    .default(3_600),
  addresses: z.array(z.string().max(60)).max(16).default([]).describe("Networks that it is good from; empty: any."),
  authorityFile: z.string().max(1_000).optional().describe("Where the client keeps `authority`, for the strings."),
});
const one = z.object({ credential: z.uuid() });
const userSchema = z.object({
  name: z.string(),
  connection: z.string(),
  subject: z.string(),
  madeAt: timeSchema,
});

/** Passwords for native clients without a tunnel; users that were made at targets; changing stored passwords. */
export const credentialRoutes: Routes = (app, { deps, change }) => {
  const port = () => {
    if (deps.credentials === undefined) throw new HoopError("unsupported", "this gateway has no credentials to give");
    return deps.credentials;
  };

  /** Whether the caller may do that with what is another's on that connection. */
  function mayOf(request: FastifyRequest, permission: "sessions.read" | "sessions.kill", connection: string): boolean {
    const { rights } = principalOf(request);
    const found = deps.connections.source.byName(connection);
    return found === undefined ? rights.has(permission) : rights.hasOn(permission, found);
  }

  app.route({
    method: "POST",
    url: "/credentials",
    config: { access: "subject", rateLimit: { max: 60, timeWindow: 60_000 } },
    schema: {
      summary: "A short-lived password with which a native client reaches one connection without a tunnel",
      tags: ["credentials"],
      body: issueSchema,
      response: { 201: issuedSchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const { connection: name, ttlSeconds, addresses, authorityFile } = request.body;
      const connection = deps.connections.source.byName(name.toLowerCase());
      if (connection === undefined || !deps.mayConnect(subject, connection))
        throw new HoopError("not-found", `no connection is named ${JSON.stringify(name)}, or you may not use it`, {
          hint: "hoop connections ls",
        });
      const issued = await change({ subject }, async () => {
        const { credential, password, place, strings } = await port().issue({
          ...{ subject, connection, addresses, lifeMs: ttlSeconds * 1_000 },
          authorityFile: authorityFile ?? null,
        });
        const shown = shownCredential(credential);
        return {
          answer: { credential: shown, password, place: { ...place }, strings: { ...strings } },
          entry: { what: "credential.issued", target: connection.name, before: null, after: shown },
        };
      });
      return reply.code(201).send(issued);
    },
  });

  app.route({
    method: "GET",
    url: "/credentials",
    config: { access: "subject" },
    schema: {
      summary: "Passwords for native clients that are good still: your own, and others' that you may see",
      tags: ["credentials"],
      querystring: z.object({ mine: z.enum(["true", "false"]).default("true") }),
      response: { 200: z.object({ items: z.array(credentialSchema) }) },
    },
    handler: async (request) => {
      const { subject } = principalOf(request);
      const all = request.query.mine === "false";
      const list = await port().list(all ? null : subject.id);
      return {
        items: list
          .filter(
            ({ subject: owner, connection }) =>
              owner.id === subject.id || mayOf(request, "sessions.read", connection.name),
          )
          .map(shownCredential),
      };
    },
  });

  app.route({
    method: "DELETE",
    url: "/credentials/:credential",
    config: { access: "subject" },
    schema: {
      summary: "Revoke a password for native clients; sessions that it opened end",
      tags: ["credentials"],
      params: one,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const found = await port().get(request.params.credential);
      if (found.subject.id !== subject.id && !mayOf(request, "sessions.kill", found.connection.name))
        throw new HoopError("not-found", "there is no such credential", { hint: "hoop credentials ls" });
      await change(principalOf(request), async () => {
        await port().revoke(found.id);
        return {
          answer: null,
          entry: {
            what: "credential.revoked",
            target: found.connection.name,
            before: shownCredential(found),
            after: null,
          },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "GET",
    url: "/credentials/users",
    config: { access: "sessions.read" },
    schema: {
      summary: "Users at targets that were made for sessions and are not removed yet",
      tags: ["credentials"],
      response: { 200: z.object({ items: z.array(userSchema) }) },
    },
    handler: async () => ({
      items: (await port().users()).map(({ name, connection, subject, madeAt }) => ({
        ...{ name, connection, subject: subject.name, madeAt: iso(madeAt) },
      })),
    }),
  });

  app.route({
    method: "POST",
    url: "/credentials/rotations",
    config: { access: "connections.write", scoped: true, rateLimit: { max: 30, timeWindow: 60_000 } },
    schema: {
      summary: "Give a connection's stored login a new password, at its target and here",
      tags: ["credentials"],
      body: z.strictObject({ connection: z.string().max(63) }),
      response: { 200: z.object({ connection: z.string(), user: z.string() }) },
    },
    handler: async (request) => {
      const connection = deps.connections.get(request.body.connection);
      if (!principalOf(request).rights.hasOn("connections.write", connection)) throw denied("connections.write");
      return change(principalOf(request), async () => {
        const { user } = await port().rotate(connection);
        return {
          answer: { connection: connection.name, user },
          entry: { what: "credential.rotated", target: connection.name, before: null, after: { user } },
        };
      });
    },
  });
};

function shownCredential({ id, user, subject, connection, addresses, madeAt, expires, lastUsed }: NativeCredential) {
  return {
    ...{ id, user, subject: { ...subject }, connection: connection.name, addresses: [...addresses] },
    ...{ madeAt: iso(madeAt), expires: iso(expires), lastUsed: isoOrNull(lastUsed) },
  };
}
