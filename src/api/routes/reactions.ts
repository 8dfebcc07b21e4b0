import { z } from "zod";
import type { Applied } from "../../events/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { documentVersionSchema, noContentSchema, timeSchema } from "../schemas.js";

const maxText = 1024 * 1024;
const documentSchema = z.record(z.string(), z.unknown());
const reactionSchema = z
  .object({
    name: z.string(),
    kind: z.enum(["reaction", "receiver"]),
    text: z.string().describe("The rule as a sentence."),
    mode: z.enum(["enforce", "shadow", "off"]).nullable(),
    problem: z.string().nullable(),
    hasSecret: z.boolean().nullable().describe("Of a receiver: whether its secret was handed in."),
    counts: z.object({
      matched: z.number().int(),
      fired: z.number().int(),
      quiet: z.number().int(),
      guarded: z.number().int(),
      shadowed: z.number().int(),
    }),
    lastAt: timeSchema.nullable(),
    document: documentSchema,
  })
  .meta({ id: "Reaction" });
const appliedSchema = z.object({
  revision: z.number().int(),
  created: z.array(z.string()),
  changed: z.array(z.string()),
  removed: z.array(z.string()),
});
const byName = z.object({ name: z.string().max(63) });
const whenMs = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
const firingSchema = z.object({
  id: z.string(),
  rule: z.string(),
  at: timeSchema,
  event: documentSchema,
  events: z.array(z.string()),
  quiet: z.number().int(),
  actions: z.array(z.string()),
});

/** Rules that answer events, and the receivers that they tell. */
export const reactionRoutes: Routes = (app, { deps, change }) => {
  const { events, secrets } = deps.events;

  app.route({
    method: "GET",
    url: "/reactions",
    config: { access: "policy.read" },
    schema: {
      summary: "Reactions and receivers, with how often they fired",
      tags: ["reactions"],
      response: { 200: z.object({ revision: z.number().int(), items: z.array(reactionSchema) }) },
    },
    handler: async () => {
      const { revision, items } = await events.list();
      return {
        revision,
        items: await Promise.all(
          items.map(
            async ({ document, kind, text, mode, problem, counts: { lastAt, rule, problem: _, ...counts } }) => ({
              ...{ name: rule, kind, text, mode, problem, counts },
              hasSecret: kind === "receiver" ? await secrets.has(rule) : null,
              lastAt: whenMs(lastAt),
              document: { ...document },
            }),
          ),
        ),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/reactions/apply",
    bodyLimit: maxText + 65_536,
    config: { access: "policy.write" },
    schema: {
      summary: "Apply reactions and receivers, all or nothing",
      tags: ["reactions"],
      body: z.strictObject({
        text: z.string().max(maxText).describe("YAML or JSON documents."),
        source: z.string().max(500).optional().describe("What messages call it: a file's name."),
        revision: z.number().int().optional().describe("Refuse when they have changed since."),
        dryRun: z.boolean().default(false),
      }),
      response: { 200: appliedSchema },
    },
    handler: async (request) => {
      const { subject } = principalOf(request);
      const { text, source, revision: expected, dryRun } = request.body;
      const apply = () => events.apply(text, { source, expected, dryRun, by: { id: subject.id, name: subject.name } });
      if (dryRun) return answerOf(await apply());
      return change({ subject }, async () => {
        const applied = await apply();
        return { answer: answerOf(applied), entry: entryOf("reactions.applied", applied) };
      });
    },
  });

  app.route({
    method: "DELETE",
    url: "/reactions/:name",
    config: { access: "policy.write" },
    schema: {
      summary: "Remove a reaction or receiver",
      tags: ["reactions"],
      params: byName,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const { name } = request.params;
      await change({ subject }, async () => {
        const applied = await events.remove(name, { id: subject.id, name: subject.name });
        await secrets.delete(name);
        return { answer: null, entry: entryOf("reactions.removed", applied) };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "PUT",
    url: "/reactions/:name/mode",
    config: { access: "policy.write" },
    schema: {
      summary: "Enforce a reaction, let it watch only, or turn it off",
      tags: ["reactions"],
      params: byName,
      body: z.strictObject({ mode: z.enum(["enforce", "shadow", "off"]) }),
      response: { 200: appliedSchema },
    },
    handler: async (request) => {
      const { subject } = principalOf(request);
      return change({ subject }, async () => {
        const by = { id: subject.id, name: subject.name };
        const applied = await events.setMode(request.params.name, request.body.mode, by);
        return { answer: answerOf(applied), entry: entryOf("reactions.applied", applied) };
      });
    },
  });

  app.route({
    method: "PUT",
    url: "/reactions/:name/secret",
    config: { access: "policy.write" },
    schema: {
      summary: "Hand in a receiver's secret; it is sealed and never shown again",
      tags: ["reactions"],
      params: byName,
      body: z.strictObject({ secret: z.string().min(1).max(4_000) }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const { name } = request.params;
      await change({ subject }, async () => {
        const before = { hasSecret: await secrets.has(name) };
        await secrets.put(name, request.body.secret);
        return { answer: null, entry: { what: "receiver.secret", target: name, before, after: { hasSecret: true } } };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/reactions/:name/test",
    config: { access: "policy.write", rateLimit: { max: 30, timeWindow: 60_000 } },
    schema: {
      summary: "Fire a reaction with the sample of one of its events",
      description: "With `send` receivers are told for real. Nothing is imposed on anybody and no runbook runs.",
      tags: ["reactions"],
      params: byName,
      body: z.strictObject({ type: z.string().max(64).optional(), send: z.boolean().default(false) }),
      response: {
        200: z.object({
          matches: z.boolean(),
          event: documentSchema,
          actions: z.array(z.object({ kind: z.string(), would: z.string(), outcome: z.string().nullable() })),
        }),
      },
    },
    handler: async (request) => {
      const { subject } = principalOf(request);
      const { type, send } = request.body;
      return change({ subject }, async () => {
        const { event, matches, actions } = await events.testFire(request.params.name, type ?? null, send);
        const entry = {
          what: "reaction.tested",
          target: request.params.name,
          before: null,
          after: { type: event.type, send },
        };
        return { answer: { matches, event: { ...event }, actions: [...actions] }, entry };
      });
    },
  });

  app.route({
    method: "POST",
    url: "/reactions/dry-run",
    bodyLimit: maxText + 65_536,
    config: { access: "policy.read", rateLimit: { max: 10, timeWindow: 60_000 } },
    schema: {
      summary: "What a reaction would have done with past events",
      tags: ["reactions"],
      body: z.strictObject({
        name: z.string().max(63).optional().describe("One that is saved."),
        text: z.string().max(maxText).optional().describe("Or the text of one."),
        sinceSeconds: z
          .number()
          .int()
          .min(60)
          .max(30 * 86_400)
          .default(86_400),
      }),
      response: {
        200: z.object({
          looked: z.number().int(),
          matched: z.number().int(),
          quiet: z.number().int(),
          guarded: z.number().int(),
          firings: z.array(firingSchema.omit({ actions: true })),
        }),
      },
    },
    handler: async (request) => {
      const { name, text, sinceSeconds } = request.body;
      if ((name === undefined) === (text === undefined)) throw new HoopError("invalid", "give either `name` or `text`");
      const since = new Date(Date.now() - sinceSeconds * 1_000);
      const { firings, ...found } = await events.dryRun(name ?? { text: text! }, since);
      return {
        ...found,
        firings: firings.map(({ id, rule, event, events: counted, quiet }) => ({
          ...{ id, rule, quiet },
          at: new Date(event.at).toISOString(),
          event: { ...event },
          events: [...counted],
        })),
      };
    },
  });

  app.route({
    method: "GET",
    url: "/reactions/history",
    config: { access: "policy.read" },
    schema: {
      summary: "Versions of reactions and receivers, newest first",
      tags: ["reactions"],
      querystring: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
      response: {
        200: z.object({
          items: z.array(documentVersionSchema),
        }),
      },
    },
    handler: async (request) => ({
      items: (await events.store.history(request.query.limit)).map((one) => ({ ...one, at: one.at.toISOString() })),
    }),
  });

  app.route({
    method: "GET",
    url: "/reactions/firings",
    config: { access: "audit.read" },
    schema: {
      summary: "When reactions fired, newest first",
      tags: ["reactions"],
      querystring: z.object({
        rule: z.string().max(63).optional(),
        limit: z.coerce.number().int().min(1).max(500).default(50),
      }),
      response: { 200: z.object({ items: z.array(firingSchema) }) },
    },
    handler: async (request) => {
      const found = await events.store.firings(request.query.rule ?? null, request.query.limit);
      return {
        items: found.map(({ id, rule, at, body }) => ({
          ...{ id, rule },
          at: new Date(at).toISOString(),
          event: { ...body.event },
          events: [...body.events],
          quiet: body.quiet,
          actions: [...body.actions],
        })),
      };
    },
  });
};

function answerOf({ revision, created, changed, removed }: Applied): z.infer<typeof appliedSchema> {
  return { revision, created: [...created], changed: [...changed], removed: [...removed] };
}

function entryOf(what: string, { before, after, created, changed, removed }: Applied) {
  return { what, target: [...created, ...changed, ...removed].join(", ").slice(0, 500), before, after };
}
