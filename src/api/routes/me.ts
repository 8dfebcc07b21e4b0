import { z } from "zod";
import { builtInRoles, permissionNames, type Rights, scopeText } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, noContentSchema, subjectSchema, timeSchema } from "../schemas.js";

const hasRole = (rights: Rights, name: string): boolean =>
  builtInRoles.some((role) => role.name === name && role.permissions.every((permission) => rights.has(permission)));

function scopedOf(rights: Rights): { permission: string; scope: string }[] {
  return rights.holdings.flatMap(({ permissions, scope }) =>
    scope === null
      ? []
      : [...permissions]
          .filter((permission) => rights.hasSomewhere(permission) && !rights.has(permission))
          .map((permission) => ({ permission, scope: scopeText(scope) })),
  );
}

/** The caller's own account. */
export const meRoutes: Routes = (app, { deps, change }) => {
  const { logins, users } = deps.identity;

  app.route({
    method: "GET",
    url: "/me",
    config: { access: "subject" },
    schema: {
      summary: "Who you are",
      tags: ["me"],
      response: {
        200: z.object({
          subject: subjectSchema,
          expires: timeSchema,
          admin: z.boolean(),
          auditor: z.boolean(),
          permissions: z.array(z.string()).describe("What you may everywhere."),
          scoped: z
            .array(z.object({ permission: z.string(), scope: z.string() }))
            .describe("What you may on connections with these labels."),
          csrfToken: z.string().nullable(),
        }),
      },
    },
    handler: async (request) => {
      const { subject, rights, expires, csrfToken } = principalOf(request);
      return {
        subject: { ...subject, groups: [...subject.groups] },
        expires: iso(expires),
        admin: hasRole(rights, "admin"),
        auditor: hasRole(rights, "auditor"),
        permissions: permissionNames.filter((permission) => rights.has(permission)),
        scoped: scopedOf(rights),
        csrfToken,
      };
    },
  });

  app.route({
    method: "PUT",
    url: "/me/password",
    config: { access: "subject", rateLimit: { max: 10, timeWindow: 60_000 } },
    schema: {
      summary: "Change your password; every other login of yours ends",
      tags: ["me"],
      body: z.strictObject({ current: z.string().max(1024), password: z.string().max(1024) }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject, login } = principalOf(request);
      const { current, password } = request.body;
      await change({ subject }, async () => {
        await users.changeOwnPassword(subject.id, current, password, login);
        return { answer: null, entry: { what: "user.password", target: subject.name, before: null, after: null } };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "GET",
    url: "/me/logins",
    config: { access: "subject" },
    schema: {
      summary: "Where you are signed in",
      tags: ["me"],
      response: {
        200: z.object({
          items: z.array(
            z.object({
              id: z.uuid(),
              kind: z.enum(["token", "browser"]),
              client: z.string(),
              address: z.string(),
              createdAt: timeSchema,
              expires: timeSchema,
              current: z.boolean(),
            }),
          ),
        }),
      },
    },
    handler: async (request) => {
      const { subject, login } = principalOf(request);
      const list = await logins.list(subject.id);
      return {
        items: list.map(({ id, kind, client, address, createdAt, expiresAt }) => ({
          id,
          kind,
          client,
          address,
          createdAt: iso(createdAt),
          expires: iso(expiresAt),
          current: id === login,
        })),
      };
    },
  });

  app.route({
    method: "DELETE",
    url: "/me/logins/:id",
    config: { access: "subject" },
    schema: {
      summary: "Sign out elsewhere",
      tags: ["me"],
      params: z.object({ id: z.uuid() }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const { id } = request.params;
      await change({ subject }, async () => {
        if (!(await logins.end(id, subject.id, "signed out elsewhere")))
          throw new HoopError("not-found", "you have no such login");
        return {
          answer: null,
          entry: { what: "login.ended", target: subject.name, before: { login: id }, after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });
};
