import { z } from "zod";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, isoOrNull, noContentSchema, timeSchema } from "../schemas.js";

const agentSchema = z
  .object({
    name: z.string(),
    state: z.enum(["connected", "draining", "away", "revoked"]),
    version: z.string().nullable(),
    connectedAt: timeSchema.nullable(),
    lanes: z.number().int(),
    allows: z.array(z.string()).describe("Its own allow-list, in its own words."),
    certificateExpires: timeSchema.nullable(),
  })
  .meta({ id: "Agent" });
const day = 86_400;

/** Agents inside private networks. */
export const agentRoutes: Routes = (app, { deps, change }) => {
  app.route({
    method: "GET",
    url: "/agents",
    config: { access: "agents.read" },
    schema: {
      summary: "Agents, by name",
      tags: ["agents"],
      response: { 200: z.object({ items: z.array(agentSchema) }) },
    },
    handler: async () => {
      const agents = await deps.agents.list();
      return {
        items: agents.map((agent) => ({
          ...agent,
          allows: [...agent.allows],
          connectedAt: isoOrNull(agent.connectedAt),
          certificateExpires: isoOrNull(agent.certificateExpires),
        })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/agents/join-tokens",
    config: { access: "agents.write" },
    schema: {
      summary: "A token with which one agent joins, once",
      tags: ["agents"],
      body: z.strictObject({
        agent: z.string().max(63),
        lifeSeconds: z
          .number()
          .int()
          .min(60)
          .max(7 * day)
          .default(3_600),
      }),
      response: {
        201: z.object({ token: z.string().describe("Shown once."), agent: z.string(), expires: timeSchema }),
      },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { agent, lifeSeconds } = request.body;
      const made = await change(principal, async () => {
        const token = await deps.agents.createJoinToken({
          agent,
          lifeMs: lifeSeconds * 1_000,
          by: principal.subject.name,
        });
        return {
          answer: token,
          entry: {
            what: "agent.join-token",
            target: token.agent,
            before: null,
            after: { expires: iso(token.expires) },
          },
        };
      });
      return reply.code(201).send({ token: made.token, agent: made.agent, expires: iso(made.expires) });
    },
  });

  app.route({
    method: "DELETE",
    url: "/agents/:agent",
    config: { access: "agents.write" },
    schema: {
      summary: "Revoke an agent: its certificate and its lanes end",
      tags: ["agents"],
      params: z.object({ agent: z.string().max(63) }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { agent } = request.params;
      await change(principalOf(request), async () => {
        if (!(await deps.agents.revoke(agent)))
          throw new HoopError("not-found", `no agent is named ${JSON.stringify(agent)}`, { hint: "hoop agents ls" });
        return { answer: null, entry: { what: "agent.revoked", target: agent, before: { name: agent }, after: null } };
      });
      return reply.code(204).send(null);
    },
  });
};
