import { z } from "zod";
import {
  isScoped,
  permissionNames,
  permissions,
  type Role,
  type RoleBinding,
  scopeText,
} from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, noContentSchema, timeSchema } from "../schemas.js";

const roleSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    builtIn: z.boolean().describe("Comes with Hoop; it can be bound, and not changed."),
    version: z.number().int(),
  })
  .meta({ id: "Role" });
const bindingSchema = z
  .object({
    id: z.uuid(),
    role: z.string(),
    group: z.string().nullable(),
    user: z.object({ id: z.uuid(), name: z.string() }).nullable(),
    scope: z.record(z.string(), z.array(z.string())).nullable().describe("Labels; null: everywhere."),
    scopeText: z.string().describe("`team=payments,env=dev|staging`, or `everywhere`."),
    createdAt: timeSchema,
    createdBy: z.string(),
  })
  .meta({ id: "RoleBinding", description: "Who has a role, and where." });
const wanted = {
  description: z.string().max(500),
  permissions: z.array(z.string().max(64)).max(permissionNames.length),
};
const scopeSchema = z
  .record(z.string().max(63), z.array(z.string().max(256)).max(32))
  .nullable()
  .default(null)
  .describe("Connections that have every label named, each with one of its values. Null: everywhere.");
const named = z.object({ role: z.string().max(64) });
const nobodyGives = "Nobody gives or takes what they do not have themselves, in permissions and in scope.";

/** Roles and who has them. */
export const roleRoutes: Routes = (app, { deps, change }) => {
  const { roles } = deps.identity;

  app.route({
    method: "GET",
    url: "/permissions",
    config: { access: "roles.read" },
    schema: {
      summary: "Every permission there is",
      tags: ["roles"],
      response: {
        200: z.object({
          items: z.array(
            z.object({ name: z.string(), text: z.string(), byLabels: z.boolean().describe("A scope can limit it.") }),
          ),
        }),
      },
    },
    handler: async () => ({
      items: permissionNames.map((name) => ({ name, text: permissions[name].text, byLabels: isScoped(name) })),
    }),
  });

  app.route({
    method: "GET",
    url: "/roles",
    config: { access: "roles.read" },
    schema: { summary: "Roles", tags: ["roles"], response: { 200: z.object({ items: z.array(roleSchema) }) } },
    handler: async () => ({ items: roles.list().map(shown) }),
  });

  app.route({
    method: "GET",
    url: "/roles/:role",
    config: { access: "roles.read" },
    schema: { summary: "One role", tags: ["roles"], params: named, response: { 200: roleSchema } },
    handler: async (request) => shown(roles.get(request.params.role)),
  });

  app.route({
    method: "POST",
    url: "/roles",
    config: { access: "roles.write" },
    schema: {
      summary: "Make a role",
      description: nobodyGives,
      tags: ["roles"],
      body: z.strictObject({ name: z.string().max(64), ...wanted, description: wanted.description.default("") }),
      response: { 201: roleSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const role = await change(principal, async () => {
        const made = shown(await roles.create(request.body, principal.subject));
        return { answer: made, entry: { what: "role.created", target: made.name, before: null, after: made } };
      });
      return reply.code(201).send(role);
    },
  });

  app.route({
    method: "PATCH",
    url: "/roles/:role",
    config: { access: "roles.write" },
    schema: {
      summary: "Change a role; what is left out stays, and it counts at once",
      description: `${nobodyGives} With \`version\` only that version is changed, else 412.`,
      tags: ["roles"],
      params: named,
      body: z.strictObject({
        description: wanted.description.optional(),
        permissions: wanted.permissions.optional(),
        version: z.number().int().optional(),
      }),
      response: { 200: roleSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { version, ...edit } = request.body;
      return change(principal, async () => {
        const { before, after } = await roles.edit(request.params.role, edit, principal.subject, version);
        return {
          answer: shown(after),
          entry: { what: "role.changed", target: after.name, before: shown(before), after: shown(after) },
        };
      });
    },
  });

  app.route({
    method: "DELETE",
    url: "/roles/:role",
    config: { access: "roles.write" },
    schema: {
      summary: "Remove a role; who had it loses it at once",
      description: nobodyGives,
      tags: ["roles"],
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      await change(principal, async () => {
        const { role, bindings } = await roles.remove(request.params.role, principal.subject);
        const before = { ...shown(role), bindings: bindings.map(shownBinding) };
        return { answer: null, entry: { what: "role.removed", target: role.name, before, after: null } };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "GET",
    url: "/role-bindings",
    config: { access: "roles.read" },
    schema: {
      summary: "Who has which role, and where",
      tags: ["roles"],
      querystring: z.object({
        role: z.string().max(64).optional(),
        user: z.string().max(64).optional().describe("Of this user, also by their groups."),
      }),
      response: { 200: z.object({ items: z.array(bindingSchema) }) },
    },
    handler: async (request) => {
      const { role, user } = request.query;
      const list = user === undefined ? roles.bindings() : roles.bindingsOf(await deps.identity.users.get(user));
      return { items: list.filter((one) => role === undefined || one.role === role).map(shownBinding) };
    },
  });

  app.route({
    method: "POST",
    url: "/role-bindings",
    config: { access: "roles.write" },
    schema: {
      summary: "Give a role to a group or a user",
      description: nobodyGives,
      tags: ["roles"],
      body: z.strictObject({
        role: z.string().max(64),
        group: z.string().max(64).optional(),
        user: z.string().max(64).optional().describe("Name or id."),
        scope: scopeSchema,
      }),
      response: { 201: bindingSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { role, group, user, scope } = request.body;
      if ((group === undefined) === (user === undefined)) throw new HoopError("invalid", "name a group or a user");
      const to = group === undefined ? { user: user ?? "" } : { group };
      const binding = await change(principal, async () => {
        const made = shownBinding(await roles.bind({ role, to, scope }, principal.subject));
        return { answer: made, entry: { what: "role.granted", target: targetOf(made), before: null, after: made } };
      });
      return reply.code(201).send(binding);
    },
  });

  app.route({
    method: "DELETE",
    url: "/role-bindings/:binding",
    config: { access: "roles.write" },
    schema: {
      summary: "Take a role away; it counts at once",
      description: `${nobodyGives} The last admin stays.`,
      tags: ["roles"],
      params: z.object({ binding: z.uuid() }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      await change(principal, async () => {
        const gone = shownBinding(await roles.unbind(request.params.binding, principal.subject));
        return { answer: null, entry: { what: "role.revoked", target: targetOf(gone), before: gone, after: null } };
      });
      return reply.code(204).send(null);
    },
  });
};

function shown(role: Role): z.infer<typeof roleSchema> {
  const { name, description, builtIn, version } = role;
  return { name, description, permissions: [...role.permissions], builtIn, version };
}

function shownBinding({ id, role, to, scope, createdAt, createdBy }: RoleBinding): z.infer<typeof bindingSchema> {
  return {
    id,
    role,
    group: to.kind === "group" ? to.name : null,
    user: to.kind === "user" ? { id: to.id, name: to.name } : null,
    scope:
      scope === null ? null : Object.fromEntries(Object.entries(scope).map(([name, values]) => [name, [...values]])),
    scopeText: scopeText(scope),
    createdAt: iso(createdAt),
    createdBy,
  };
}

const targetOf = ({ group, user }: z.infer<typeof bindingSchema>): string => group ?? user?.name ?? "";
