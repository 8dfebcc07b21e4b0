import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { boundTermsSchema, type StoredDelegation, termsFrom } from "../../identity/machines/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, isoOrNull, noContentSchema, timeSchema } from "../schemas.js";

const dayS = 86_400;
const party = z.object({ id: z.uuid(), name: z.string(), kind: z.enum(["person", "service", "agent"]) });
const delegationSchema = z
  .object({
    id: z.uuid(),
    machine: party,
    person: party,
    bounds: boundTermsSchema,
    createdAt: timeSchema,
    expires: timeSchema,
    endedAt: timeSchema.nullable(),
    because: z.string().nullable(),
    standing: z.boolean().describe("Whether it counts now."),
  })
  .meta({ id: "Delegation" });

/** People let machines act for them: with the rights that both have, under both names. */
export const delegationRoutes: Routes = (app, { deps, change, now }) => {
  const { delegations, get: machineOf, list: machineList } = deps.machines;

  const shown = (one: StoredDelegation): z.infer<typeof delegationSchema> => ({
    id: one.id,
    machine: { id: one.machine.id, name: one.machine.name, kind: one.machine.kind },
    person: { id: one.person.id, name: one.person.name, kind: one.person.kind },
    bounds: one.bounds as z.infer<typeof boundTermsSchema>,
    createdAt: iso(one.createdAt),
    expires: iso(one.expiresAt),
    endedAt: isoOrNull(one.ended?.at ?? null),
    because: one.ended?.because ?? null,
    standing: one.ended === null && one.expiresAt.getTime() > now() && !one.machine.disabled && !one.person.disabled,
  });

  /** Theirs, or anybody's for who may see or change machines. */
  async function reachable(request: FastifyRequest, id: string, permission: "machines.read" | "machines.write") {
    const { subject, rights } = principalOf(request);
    const found = await delegations.get(id);
    // A machine may give up what it was given, and so may the person; nobody else learns that it is there.
    if (
      subject.onBehalfOf !== undefined ||
      (found.person.id !== subject.id && found.machine.id !== subject.id && !rights.has(permission))
    )
      throw new HoopError("not-found", "there is no such delegation", { hint: "hoop delegate ls" });
    return found;
  }

  app.route({
    method: "GET",
    url: "/delegations",
    config: { access: "subject" },
    schema: {
      summary: "Who acts for you, or for whom you act; with `all` everybody's",
      tags: ["machines"],
      querystring: z.object({ all: z.enum(["true", "false"]).default("false") }),
      response: { 200: z.object({ items: z.array(delegationSchema) }) },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const all = request.query.all === "true";
      if (all && !rights.has("machines.read"))
        throw new HoopError("denied", "everybody's delegations need machines.read");
      return { items: (all ? await delegations.all() : await delegations.of(subject)).map(shown) };
    },
  });

  app.route({
    method: "GET",
    url: "/delegations/machines",
    config: { access: "subject" },
    schema: {
      summary: "Machines that may be let act for you",
      tags: ["machines"],
      response: {
        200: z.object({ items: z.array(z.object({ name: z.string(), kind: z.enum(["service", "agent"]) })) }),
      },
    },
    handler: async (request) => {
      // Only people choose one; a machine has no use for the others' names.
      if (principalOf(request).subject.kind !== "person") return { items: [] };
      const list = await machineList();
      return {
        items: list
          .filter(({ disabled }) => !disabled)
          .map(({ name, kind }) => ({ name, kind: kind === "agent" ? ("agent" as const) : ("service" as const) })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/delegations",
    config: { access: "subject" },
    schema: {
      summary: "Let a machine act for you",
      description:
        "It may do what both it and you may, under both names; what is held is approved by neither, and second factors are asked of you.",
      tags: ["machines"],
      body: z.strictObject({
        machine: z.string().max(64),
        expiresInSeconds: z
          .number()
          .int()
          .min(60)
          .max(30 * dayS)
          .default(7_200),
        bounds: boundTermsSchema.default({}),
      }),
      response: { 201: delegationSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { machine, expiresInSeconds, bounds } = request.body;
      const found = await machineOf(machine);
      const made = await change(principal, async () => {
        const created = await delegations.create(principal.subject, found, {
          lifeMs: expiresInSeconds * 1_000,
          bounds: termsFrom(bounds),
        });
        return {
          answer: created,
          entry: { what: "delegation.created", target: found.name, before: null, after: shown(created) },
        };
      });
      return reply.code(201).send(shown(made));
    },
  });

  app.route({
    method: "DELETE",
    url: "/delegations/:id",
    config: { access: "subject" },
    schema: {
      summary: "End a delegation, and within a second what was opened under it",
      tags: ["machines"],
      params: z.object({ id: z.string().max(64) }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const found = await reachable(request, request.params.id, "machines.write");
      await change(principal, async () => {
        const ended = await delegations.end(found.id, `ended by ${principal.subject.name}`);
        return {
          answer: null,
          entry: { what: "delegation.ended", target: found.machine.name, before: shown(found), after: shown(ended) },
        };
      });
      return reply.code(204).send(null);
    },
  });
};
