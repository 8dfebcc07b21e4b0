import { z } from "zod";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { noContentSchema, timeSchema } from "../schemas.js";

const deliverySchema = z
  .object({
    id: z.uuid(),
    firing: z.uuid(),
    rule: z.string(),
    step: z.number().int(),
    kind: z.string(),
    target: z.string(),
    state: z.enum(["waiting", "ready", "done", "dead"]),
    attempts: z.number().int(),
    error: z.string().nullable(),
    answer: z.string().nullable(),
    madeAt: timeSchema,
    nextAt: timeSchema,
    endedAt: timeSchema.nullable(),
    body: z.string().describe("What is delivered, as it is kept."),
  })
  .meta({ id: "Delivery" });
const restraintSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(["pause", "kill", "review", "masks"]),
    rule: z.string(),
    firing: z.string(),
    session: z.uuid().nullable(),
    subject: z.uuid().nullable(),
    since: timeSchema,
    until: timeSchema,
  })
  .meta({ id: "Restraint" });

/** What reactions do outside of sessions and what they impose inside: looked at, tried again, lifted. */
export const reactionDeliveryRoutes: Routes = (app, { deps, change }) => {
  const { events } = deps.events;

  app.route({
    method: "GET",
    url: "/reactions/deliveries",
    config: { access: "audit.read" },
    schema: {
      summary: "What reactions deliver, newest first; `state=dead`: what was given up",
      tags: ["reactions"],
      querystring: z.object({
        state: z.enum(["waiting", "ready", "done", "dead"]).optional(),
        rule: z.string().max(63).optional(),
        firing: z.uuid().optional(),
        limit: z.coerce.number().int().min(1).max(500).default(50),
      }),
      response: { 200: z.object({ items: z.array(deliverySchema) }) },
    },
    handler: async (request) => {
      const { limit, ...filter } = request.query;
      const found = await events.store.deliveries(filter, limit);
      return {
        items: found.map(({ madeAt, nextAt, endedAt, ...one }) => ({
          ...one,
          madeAt: new Date(madeAt).toISOString(),
          nextAt: new Date(nextAt).toISOString(),
          endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
        })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/reactions/deliveries/replay",
    config: { access: "policy.write" },
    schema: {
      summary: "Deliver again what was given up",
      tags: ["reactions"],
      body: z.strictObject({ ids: z.array(z.uuid()).min(1).max(500) }),
      response: { 200: z.object({ replayed: z.number().int() }) },
    },
    handler: async (request) =>
      change(principalOf(request), async () => {
        const { ids } = request.body;
        const replayed = await events.store.replay(ids);
        const entry = {
          what: "reactions.replayed",
          target: ids.slice(0, 10).join(", "),
          before: null,
          after: { replayed },
        };
        return { answer: { replayed }, entry };
      }),
  });

  app.route({
    method: "GET",
    url: "/reactions/restraints",
    config: { access: "sessions.read" },
    schema: {
      summary: "What reactions impose on sessions and subjects now",
      tags: ["reactions"],
      response: { 200: z.object({ items: z.array(restraintSchema) }) },
    },
    handler: async () => ({
      items: events.restraints.list().map(({ id, kind, rule, firing, session, subject, since, until }) => ({
        ...{ id, kind, rule, firing, session, subject },
        since: new Date(since).toISOString(),
        until: new Date(until).toISOString(),
      })),
    }),
  });

  app.route({
    method: "DELETE",
    url: "/reactions/restraints/:id",
    config: { access: "sessions.kill" },
    schema: {
      summary: "Lift what a reaction imposed: a paused session goes on",
      tags: ["reactions"],
      params: z.object({ id: z.uuid() }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const { id } = request.params;
      await change({ subject }, async () => {
        const found = events.restraints.list().find((one) => one.id === id);
        // Whoever is restrained does not lift it, whatever else they may.
        const asker = found?.cause.length ? await events.store.event(found.cause.at(-1)!.event) : null;
        if (found?.subject === subject.id || asker?.subject?.id === subject.id)
          throw new HoopError("denied", "this was imposed on you: somebody else lifts it");
        const lifted = await events.restraints.lift(id, subject.name);
        if (lifted === null) throw new HoopError("not-found", "nothing by that id is in force");
        const { kind, rule, session } = lifted;
        return {
          answer: null,
          entry: { what: "restraint.lifted", target: id, before: { kind, rule, session }, after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });
};
