import { z } from "zod";
import { HoopError } from "../../vocabulary/index.js";
import { isAdmin, isAuditor, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, noContentSchema, subjectSchema, timeSchema } from "../schemas.js";

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
          csrfToken: z.string().nullable(),
        }),
      },
    },
    handler: async (request) => {
      const { subject, expires, csrfToken } = principalOf(request);
      return {
        subject: { ...subject, groups: [...subject.groups] },
        expires: iso(expires),
        admin: isAdmin(subject),
        auditor: isAuditor(subject),
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
