import { z } from "zod";
import { scopeText } from "../../identity/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { noContentSchema } from "../schemas.js";

const groupSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    members: z.number().int(),
    directory: z.string().nullable().describe("Which directory fills it; null: it is local."),
    roles: z.array(z.string()).describe("What its members have by it, `auditor` or `lead on team=payments`."),
  })
  .meta({ id: "Group" });

/** Groups, which rules match on. */
export const groupRoutes: Routes = (app, { deps, change }) => {
  const { groups, roles, directories } = deps.identity;

  app.route({
    method: "GET",
    url: "/groups",
    config: { access: "groups.read" },
    schema: {
      summary: "Groups, by name",
      tags: ["groups"],
      response: { 200: z.object({ items: z.array(groupSchema) }) },
    },
    handler: async () => {
      const owners = await directories.store.groupOwners();
      const bound = roles.bindings();
      return {
        items: (await groups.list()).map((group) => ({
          ...group,
          directory: owners.get(group.name) ?? null,
          roles: bound
            .filter(({ to }) => to.kind === "group" && to.name === group.name)
            .map(({ role, scope }) => (scope === null ? role : `${role} on ${scopeText(scope)}`)),
        })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/groups",
    config: { access: "groups.write" },
    schema: {
      summary: "Add a group",
      tags: ["groups"],
      body: z.strictObject({ name: z.string().max(64), description: z.string().max(500).default("") }),
      response: { 201: groupSchema },
    },
    handler: async (request, reply) => {
      const group = await change(principalOf(request), async () => {
        const created = await groups.create(request.body.name, request.body.description);
        return {
          answer: created,
          entry: { what: "group.created", target: created.name, before: null, after: created },
        };
      });
      return reply.code(201).send({ ...group, members: 0, directory: null, roles: [] });
    },
  });

  app.route({
    method: "DELETE",
    url: "/groups/:group",
    config: { access: "groups.write" },
    schema: {
      summary: "Remove a group; its members lose it at once",
      tags: ["groups"],
      params: z.object({ group: z.string().max(64) }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      await change(principal, async () => {
        await groups.remove(
          request.params.group,
          roles.checks.removeGroup(principal.subject, request.params.group.toLowerCase()),
        );
        return {
          answer: null,
          entry: {
            what: "group.removed",
            target: request.params.group,
            before: { name: request.params.group },
            after: null,
          },
        };
      });
      return reply.code(204).send(null);
    },
  });
};
