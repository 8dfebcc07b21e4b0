import { z } from "zod";
import type { User } from "../../identity/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { cursorFrom, cursorTo, iso, noContentSchema, pageQuerySchema, pageSchema, timeSchema } from "../schemas.js";

const userSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(["person", "service", "agent"]),
    name: z.string(),
    email: z.string().nullable(),
    groups: z.array(z.string()),
    disabled: z.boolean(),
    hasPassword: z.boolean(),
    createdAt: timeSchema,
    directory: z.string().nullable().describe("Which directory provisions them; null: local."),
  })
  .meta({ id: "User" });
const named = z.object({ user: z.string().max(64).describe("Name or id.") });
const groups = z.array(z.string().max(64)).max(200);

/** People, service accounts and agents of AI. */
export const userRoutes: Routes = (app, { deps, change }) => {
  const { users, roles, directories } = deps.identity;
  /** With the directory that each belongs to. */
  async function owned(list: readonly User[]): Promise<z.infer<typeof userSchema>[]> {
    const owners = await directories.store.owners(list.map(({ id }) => id));
    return list.map((user) => ({ ...shown(user), directory: owners.get(user.id) ?? null }));
  }

  app.route({
    method: "GET",
    url: "/users",
    config: { access: "users.read" },
    schema: {
      summary: "Users, by name",
      tags: ["users"],
      querystring: pageQuerySchema,
      response: { 200: pageSchema(userSchema) },
    },
    handler: async (request) => {
      const { limit, after } = request.query;
      const list = await users.list({
        after: after === undefined ? null : cursorTo(after, z.tuple([z.string()]))[0],
        limit,
      });
      return { items: await owned(list), next: list.length < limit ? null : cursorFrom([list.at(-1)!.name]) };
    },
  });

  app.route({
    method: "GET",
    url: "/users/:user",
    config: { access: "users.read" },
    schema: { summary: "One user", tags: ["users"], params: named, response: { 200: userSchema } },
    handler: async (request) => (await owned([await users.get(request.params.user)]))[0]!,
  });

  app.route({
    method: "POST",
    url: "/users",
    config: { access: "users.write" },
    schema: {
      summary: "Add a user",
      tags: ["users"],
      body: z.strictObject({
        name: z.string().max(64),
        kind: z.enum(["person", "service", "agent"]).default("person"),
        email: z.email().max(254).nullish(),
        groups: groups.default([]),
        password: z.string().max(1024).optional(),
      }),
      response: { 201: userSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const check = roles.checks.create(principal.subject, request.body.groups);
      const user = await change(principal, async () => {
        const created = await users.create(request.body, check);
        return {
          answer: created,
          entry: { what: "user.created", target: created.name, before: null, after: shown(created) },
        };
      });
      return reply.code(201).send({ ...shown(user), directory: null });
    },
  });

  app.route({
    method: "PATCH",
    url: "/users/:user",
    config: { access: "users.write" },
    schema: {
      summary: "Change a user; what is left out stays",
      description:
        "Disabling ends every login and session of the user within a second. Nobody changes a user who may more than they do, or puts one into a group that gives what they do not have.",
      tags: ["users"],
      params: named,
      body: z.strictObject({
        email: z.email().max(254).nullish(),
        groups: groups.optional(),
        disabled: z.boolean().optional(),
        password: z.string().max(1024).optional(),
      }),
      response: { 200: userSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { id } = await users.get(request.params.user);
      const user = await change(principal, async () => {
        const { before, after } = await users.change(
          id,
          request.body,
          id === principal.subject.id ? principal.login : null,
          roles.checks.change(principal.subject, id, request.body.groups),
        );
        const password = request.body.password === undefined ? {} : { passwordChanged: true };
        return {
          answer: after,
          entry: {
            what: "user.changed",
            target: after.name,
            before: shown(before),
            after: { ...shown(after), ...password },
          },
        };
      });
      return (await owned([user]))[0]!;
    },
  });

  app.route({
    method: "DELETE",
    url: "/users/:user",
    config: { access: "users.write" },
    schema: {
      summary: "Remove a user and end all they have open",
      tags: ["users"],
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { id } = await users.get(request.params.user);
      await change(principal, async () => {
        const removed = await users.remove(id, roles.checks.change(principal.subject, id));
        return {
          answer: null,
          entry: { what: "user.removed", target: removed.name, before: shown(removed), after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });
};

function shown(user: User): Omit<z.infer<typeof userSchema>, "directory"> {
  const { id, kind, name, email, disabled, hasPassword } = user;
  return { id, kind, name, email, groups: [...user.groups], disabled, hasPassword, createdAt: iso(user.createdAt) };
}
