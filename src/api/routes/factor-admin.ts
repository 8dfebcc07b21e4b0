import { z } from "zod";
import type { EnrolmentPolicy } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, noContentSchema, timeSchema } from "../schemas.js";
import { factorsViewOf, factorsViewSchema } from "./factors.js";

const named = z.object({ user: z.string().max(64).describe("Name or id.") });
const dayS = 86_400;
const policyShape = {
  mode: z.enum(["optional", "required"]),
  groups: z.array(z.string().max(64)).max(200).describe("With `required`: members of one of these; empty: everybody."),
  graceSeconds: z
    .number()
    .int()
    .min(0)
    .max(90 * dayS)
    .describe("How long people may still sign in without, after this is set or they are added."),
};
const policySchema = z.object({ ...policyShape, since: timeSchema }).meta({ id: "FactorPolicy" });

/** Second factors of others, and who must have one. Secrets are nobody's to see. */
export const factorAdminRoutes: Routes = (app, { deps, change, now }) => {
  const { factors, users, groups, roles } = deps.identity;

  app.route({
    method: "GET",
    url: "/users/:user/factors",
    config: { access: "users.read" },
    schema: {
      summary: "Which second factors a user has",
      tags: ["second factor"],
      params: named,
      response: { 200: factorsViewSchema },
    },
    handler: async (request) => factorsViewOf(await factors.view((await users.get(request.params.user)).id), now),
  });

  app.route({
    method: "DELETE",
    url: "/users/:user/factors",
    config: { access: "users.write" },
    schema: {
      summary: "Take a user's second factors away, for one who lost them",
      description:
        "Every login of the user ends. Until they have a new factor their password alone lets them in: make sure that it is they who ask.",
      tags: ["second factor"],
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const user = await users.get(request.params.user);
      const principal = principalOf(request);
      await roles.verify(roles.checks.change(principal.subject, user.id));
      await change(principal, async () => {
        const removed = await factors.reset(user.id);
        const before = removed.map(({ id, kind, name }) => ({ id, kind, name }));
        return { answer: null, entry: { what: "factor.reset", target: user.name, before, after: [] } };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "GET",
    url: "/settings/factors",
    config: { access: "users.read" },
    schema: { summary: "Who must have a second factor", tags: ["second factor"], response: { 200: policySchema } },
    handler: async () => shown(await factors.policy()),
  });

  app.route({
    method: "PUT",
    url: "/settings/factors",
    config: { access: "factors.write" },
    schema: {
      summary: "Say who must have a second factor",
      description:
        "Past the grace, who has none makes one while signing in; programs that signed in without one are not renewed. Access tokens and browsers that are signed in go on until they end.",
      tags: ["second factor"],
      body: z.strictObject({
        mode: policyShape.mode,
        groups: policyShape.groups.default([]),
        graceSeconds: policyShape.graceSeconds.default(7 * dayS),
      }),
      response: { 200: policySchema },
    },
    handler: async (request) => {
      const { mode, groups: wanted, graceSeconds } = request.body;
      const known = new Set((await groups.list()).map(({ name }) => name));
      const missing = wanted.filter((name) => !known.has(name));
      if (missing.length > 0)
        throw new HoopError("invalid", `there is no group ${missing.join(", ")}`, { hint: "create the group first" });
      return change(principalOf(request), async () => {
        const { before, after } = await factors.setPolicy({ mode, groups: wanted, graceMs: graceSeconds * 1_000 });
        return {
          answer: shown(after),
          entry: { what: "factor.policy", target: "second factors", before: shown(before), after: shown(after) },
        };
      });
    },
  });
};

function shown({ mode, groups, graceMs, since }: EnrolmentPolicy): z.infer<typeof policySchema> {
  return { mode, groups: [...groups], graceSeconds: Math.round(graceMs / 1_000), since: iso(since) };
}
