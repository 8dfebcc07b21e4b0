import { z } from "zod";
import type { Directory, DirectoryToken } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, isoOrNull, noContentSchema, timeSchema } from "../schemas.js";

const directorySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    groupPrefix: z.string().describe("Before the names of groups that it makes."),
    mayFill: z.array(z.string()).describe("Groups that carry roles and that it may put people into all the same."),
    enabled: z.boolean(),
    provider: z
      .string()
      .nullable()
      .describe("Where its people sign in; null: a sign-in lets nobody in as one of them."),
    matchBy: z.enum(["externalId", "userName"]).describe("By what a sign-in finds them."),
    createdAt: timeSchema,
    users: z.number().int(),
    groups: z.number().int(),
  })
  .meta({ id: "Directory", description: "Something that provisions users and groups by SCIM." });
const tokenSchema = z
  .object({
    id: z.uuid(),
    label: z.string(),
    createdAt: timeSchema,
    createdBy: z.string(),
    expires: timeSchema,
    lastUsedAt: timeSchema.nullable().describe("To the minute."),
  })
  .meta({ id: "DirectoryToken" });
const named = z.object({ directory: z.string().max(64).describe("Name or id.") });
const signIn = {
  provider: z.string().min(1).max(100).nullish(),
  matchBy: z.enum(["externalId", "userName"]).optional(),
};
const day = 86_400;
const tags = ["directories"];
const strong =
  "Whoever holds its token gives what rules give its groups: besides `directory.write` it needs `users.write`, `groups.members`, `policy.write` everywhere, and what the groups that it may fill give.";

/** Directories that provision users, for those who set them up. */
export const directoryRoutes: Routes = (app, { deps, change }) => {
  const { directories, users } = deps.identity;

  async function shown(directory: Directory): Promise<z.infer<typeof directorySchema>> {
    const none = { filter: null, offset: 0, limit: 0 };
    const [people, teams] = await Promise.all([
      directories.store.people(directory.id, none),
      directories.store.teams(directory.id, none),
    ]);
    return { ...stateOf(directory), users: people.total, groups: teams.total };
  }

  app.route({
    method: "GET",
    url: "/directories",
    config: { access: "directory.read" },
    schema: { summary: "Directories, by name", tags, response: { 200: z.object({ items: z.array(directorySchema) }) } },
    handler: async () => ({ items: await Promise.all((await directories.list()).map(shown)) }),
  });

  app.route({
    method: "POST",
    url: "/directories",
    config: { access: "directory.write" },
    schema: {
      summary: "Add a directory",
      description: strong,
      tags,
      body: z.strictObject({
        name: z.string().max(64),
        description: z.string().max(500).default(""),
        groupPrefix: z.string().max(20).default(""),
        ...signIn,
      }),
      response: { 201: directorySchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const made = await change(principal, async () => {
        const directory = await directories.create(request.body, principal.subject);
        return {
          answer: directory,
          entry: { what: "directory.created", target: directory.name, before: null, after: stateOf(directory) },
        };
      });
      return reply.code(201).send(await shown(made));
    },
  });

  app.route({
    method: "PATCH",
    url: "/directories/:directory",
    config: { access: "directory.write" },
    schema: {
      summary: "Change a directory; what is left out stays",
      description: `${strong} \`mayFill\` is replaced whole.`,
      tags,
      params: named,
      body: z.strictObject({
        description: z.string().max(500).optional(),
        ...signIn,
        enabled: z.boolean().optional().describe("False: its tokens are worth nothing meanwhile."),
        mayFill: z.array(z.string().max(64)).max(200).optional(),
      }),
      response: { 200: directorySchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const after = await change(principal, async () => {
        const changed = await directories.change(request.params.directory, request.body, principal.subject);
        return {
          answer: changed.after,
          entry: {
            what: "directory.changed",
            target: changed.after.name,
            before: stateOf(changed.before),
            after: stateOf(changed.after),
          },
        };
      });
      return shown(after);
    },
  });

  app.route({
    method: "DELETE",
    url: "/directories/:directory",
    config: { access: "directory.write" },
    schema: {
      summary: "Remove a directory and its tokens; its users and groups stay as local ones",
      tags,
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      await change(principal, async () => {
        const gone = await directories.remove(request.params.directory, principal.subject);
        return {
          answer: null,
          entry: { what: "directory.removed", target: gone.name, before: stateOf(gone), after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/directories/:directory/given",
    config: { access: "directory.write" },
    schema: {
      summary: "Hand a local user or group over to a directory",
      description: "A user loses their local password. Admins and service accounts stay local.",
      tags,
      params: named,
      body: z.strictObject({ user: z.string().max(64).optional(), group: z.string().max(64).optional() }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { user, group } = request.body;
      if ((user === undefined) === (group === undefined)) throw new HoopError("invalid", "name a user or a group");
      const what = user === undefined ? { group: group ?? "" } : { user: (await users.get(user)).id };
      await change(principal, async () => {
        const directory = await directories.give(request.params.directory, what, principal.subject);
        return {
          answer: null,
          entry: { what: "directory.given", target: directory.name, before: null, after: { user, group } },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "GET",
    url: "/directories/:directory/tokens",
    config: { access: "directory.read" },
    schema: {
      summary: "A directory's tokens; never the tokens themselves",
      tags,
      params: named,
      response: { 200: z.object({ items: z.array(tokenSchema) }) },
    },
    handler: async (request) => ({ items: (await directories.tokens(request.params.directory)).map(shownToken) }),
  });

  app.route({
    method: "POST",
    url: "/directories/:directory/tokens",
    config: { access: "directory.write", rateLimit: { max: 30, timeWindow: 60_000 } },
    schema: {
      summary: "Make a token for a directory; several may be good at once, so that one is replaced without a gap",
      description: strong,
      tags,
      params: named,
      body: z.strictObject({
        label: z.string().max(100).default(""),
        lifeSeconds: z
          .number()
          .int()
          .min(60)
          .max(730 * day)
          .default(365 * day),
      }),
      response: { 201: tokenSchema.extend({ token: z.string().describe("Shown once.") }) },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { label, lifeSeconds } = request.body;
      const made = await change(principal, async () => {
        const minted = await directories.mint(
          request.params.directory,
          { label, lifeMs: lifeSeconds * 1_000 },
          principal.subject,
        );
        const after = shownToken({ ...minted.token, lastUsedAt: null });
        return {
          answer: { ...after, token: minted.text },
          entry: { what: "directory.token.created", target: request.params.directory, before: null, after },
        };
      });
      return reply.code(201).send(made);
    },
  });

  app.route({
    method: "DELETE",
    url: "/directories/:directory/tokens/:token",
    config: { access: "directory.write" },
    schema: {
      summary: "Revoke a token, at once",
      tags,
      params: named.extend({ token: z.uuid() }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      await change(principalOf(request), async () => {
        const { directory, token } = request.params;
        const gone = await directories.revoke(directory, token);
        return {
          answer: null,
          entry: { what: "directory.token.revoked", target: directory, before: shownToken(gone), after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });
};

function stateOf({ id, name, description, groupPrefix, mayFill, enabled, provider, matchBy, createdAt }: Directory) {
  return {
    id,
    name,
    description,
    groupPrefix,
    mayFill: [...mayFill],
    enabled,
    provider,
    matchBy,
    createdAt: iso(createdAt),
  };
}

function shownToken({
  id,
  label,
  createdAt,
  createdBy,
  expiresAt,
  lastUsedAt,
}: DirectoryToken): z.infer<typeof tokenSchema> {
  return {
    id,
    label,
    createdAt: iso(createdAt),
    createdBy,
    expires: iso(expiresAt),
    lastUsedAt: isoOrNull(lastUsedAt),
  };
}
