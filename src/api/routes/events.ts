import { z } from "zod";
import { catalogue, type HoopEvent } from "../../events/index.js";
import { deadline, HoopError } from "../../vocabulary/index.js";
import type { Routes } from "../app.js";
import { timeSchema } from "../schemas.js";

const causeSchema = z.object({ event: z.string(), rule: z.string(), run: z.string().nullable() });
const eventSchema = z
  .object({
    position: z.number().int().describe("Its place in the log: ascending."),
    id: z.string(),
    type: z.string(),
    version: z.number().int(),
    at: timeSchema,
    subject: z
      .object({
        id: z.string(),
        name: z.string(),
        kind: z.string().optional(),
        groups: z.array(z.string()).optional(),
      })
      .nullable(),
    connection: z.string().nullable(),
    session: z.string().nullable(),
    cause: z.array(causeSchema).describe("What led to it, the first link first."),
    data: z.record(z.string(), z.unknown()).describe("As the type's schema says; see `/events/catalogue`."),
  })
  .meta({ id: "Event" });
const typeSchema = z.object({
  type: z.string(),
  version: z.number().int(),
  summary: z.string(),
  schema: z.record(z.string(), z.unknown()).describe("JSON Schema of `data`."),
  sample: z.record(z.string(), z.unknown()),
});
const querySchema = z.object({
  type: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("One type, or several."),
  subject: z.string().max(64).optional().describe("A user's name or id."),
  connection: z.string().max(63).optional(),
  session: z.uuid().optional(),
  since: timeSchema.optional(),
  until: timeSchema.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe("Only those at lower positions: `next` of the page before."),
});
const tailSchema = z.object({
  after: z.coerce.number().int().min(0).optional().describe("Only those at higher positions; the newest if left out."),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  waitSeconds: z.coerce.number().int().min(0).max(30).default(0).describe("How long to wait for one if there is none."),
});

/** What happened: the log of events, and the catalogue of their types. */
export const eventRoutes: Routes = (app, { deps }) => {
  const { events } = deps.events;
  const leaving = new AbortController();
  app.addHook("preClose", () => leaving.abort());

  app.route({
    method: "GET",
    url: "/events/catalogue",
    config: { access: "subject" },
    schema: {
      summary: "Every type of event, with its schema and a sample",
      tags: ["events"],
      response: { 200: z.object({ items: z.array(typeSchema) }) },
    },
    handler: async () => ({
      items: catalogue.map(({ type, version, summary, data, sample }) => ({
        ...{ type, version, summary },
        schema: z.toJSONSchema(data, { io: "input" }) as Record<string, unknown>,
        sample: { ...sample, at: new Date(sample.at).toISOString() },
      })),
    }),
  });

  app.route({
    method: "GET",
    url: "/events",
    config: { access: "audit.read" },
    schema: {
      summary: "Events, newest first",
      tags: ["events"],
      querystring: querySchema,
      response: { 200: z.object({ items: z.array(eventSchema), next: z.number().int().nullable() }) },
    },
    handler: async (request) => {
      const { type, since, until, before, limit, ...filter } = request.query;
      const found = await events.store.list(
        {
          ...filter,
          types: type === undefined ? undefined : [type].flat(),
          since: since === undefined ? undefined : new Date(since),
          until: until === undefined ? undefined : new Date(until),
        },
        before ?? null,
        limit,
      );
      return { items: found.map(shown), next: found.length < limit ? null : (found.at(-1)?.position ?? null) };
    },
  });

  app.route({
    method: "GET",
    url: "/events/tail",
    config: { access: "audit.read" },
    schema: {
      summary: "Events as they come, oldest first",
      description: "Give `position` of the answer as `after` of the next call: none is left out and none comes twice.",
      tags: ["events"],
      querystring: tailSchema,
      response: { 200: z.object({ items: z.array(eventSchema), position: z.number().int() }) },
    },
    handler: async (request) => {
      const { limit, waitSeconds } = request.query;
      const after = request.query.after ?? (await events.store.log.newest());
      let found = await events.store.log.after(after, limit);
      if (found.length === 0 && waitSeconds > 0) {
        const gone = new AbortController();
        request.raw.once("close", () => gone.abort());
        const signal = deadline(waitSeconds * 1_000, leaving.signal, gone.signal);
        while (found.length === 0 && !signal.aborted) {
          await changed(events.store.log.watch, signal);
          found = await events.store.log.after(after, limit);
        }
      }
      return { items: found.map(shown), position: found.at(-1)?.position ?? after };
    },
  });

  app.route({
    method: "GET",
    url: "/events/:event",
    config: { access: "audit.read" },
    schema: {
      summary: "One event",
      tags: ["events"],
      params: z.object({ event: z.string().max(64) }),
      response: { 200: eventSchema },
    },
    handler: async (request) => {
      const id = z.uuid().safeParse(request.params.event);
      const event = id.success ? await events.store.event(id.data) : null;
      if (event === null) throw new HoopError("not-found", "there is no such event", { hint: "hoop events ls" });
      return shown(event);
    },
  });
};

function changed(watch: (listener: () => void) => () => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stop = watch(done);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}

function shown(event: HoopEvent): z.infer<typeof eventSchema> {
  const { subject } = event;
  return {
    ...event,
    at: new Date(event.at).toISOString(),
    subject:
      subject === null ? null : { ...subject, groups: subject.groups === undefined ? undefined : [...subject.groups] },
    cause: event.cause.map((link) => ({ ...link })),
    data: { ...event.data },
  };
}
