import { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { HoopError, type SubjectId, sessionId, subjectId } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { App, Routes } from "../app.js";
import { entrySchema, iso, timeSchema } from "../schemas.js";
import type { WatchEvent } from "../screens-port.js";
import { createReach } from "../session-reach.js";

const one = z.object({ session: z.uuid() });
const hitSchema = z
  .object({
    session: z.uuid(),
    name: z.string(),
    connection: z.string(),
    startedAt: timeSchema,
    terminal: z.number().int(),
    at: z.number().describe("Seconds since the terminal's recording began."),
    line: z.string().describe("Values that identify people are masked."),
  })
  .meta({ id: "ScreenHit" });
const because = z.string().min(1).max(1_000).optional().describe("Why; it is recorded.");

/** What terminals showed, for those who may open sealed parts: masked here, and each look is in the record before anything is opened. */
export const screenRoutes: Routes = (app: App, { deps, change }) => {
  const reach = createReach(deps);

  /** A recorded session of which the caller may open sealed parts; their own is none of them. */
  async function openable(request: FastifyRequest, id: string) {
    const session = await deps.recordings.session(id);
    const { rights } = principalOf(request);
    if (session === null || !(await reach.reaches(rights, session, "sessions.reveal")))
      throw new HoopError("not-found", "there is no such session", { hint: "hoop sessions ls" });
    return session;
  }

  async function note(request: FastifyRequest, what: string, target: string, after: object): Promise<void> {
    await change(principalOf(request), async () => ({ answer: null, entry: { what, target, before: null, after } }));
  }

  app.route({
    method: "GET",
    url: "/sessions/search",
    config: { access: "sessions.reveal", scoped: true, rateLimit: { max: 30, timeWindow: 60_000 } },
    schema: {
      summary: "Find text that stood on a terminal's screen, newest sessions first",
      description:
        "A page looks at up to 200 sessions or four seconds; `next` goes on. What was searched for, and by whom, is in the record.",
      tags: ["sessions"],
      querystring: z.object({
        text: z.string().min(2).max(200),
        subject: z.string().max(64).optional(),
        connection: z.string().max(63).optional(),
        after: z.string().max(200).optional(),
      }),
      response: { 200: z.object({ items: z.array(hitSchema), next: z.string().nullable() }) },
    },
    handler: async (request) => {
      const { text, subject, connection, after } = request.query;
      const principal = principalOf(request);
      if (after === undefined) await note(request, "sessions.searched", "sessions", { text, subject, connection });
      const whose = subject === undefined ? undefined : await idOf(subject);
      const found = await deps.screens.search({
        text,
        subject: whose,
        within: await reach.within(principal),
        connection,
        after: after ?? null,
        may: (session) => reach.reaches(principal.rights, session, "sessions.reveal"),
      });
      return {
        items: found.items.map(({ id, startedAt, ...hit }) => ({ ...hit, session: id, startedAt: iso(startedAt) })),
        next: found.next,
      };
    },
  });

  async function idOf(subject: string): Promise<SubjectId> {
    return z.uuid().safeParse(subject).success ? subjectId(subject) : (await deps.identity.users.get(subject)).id;
  }

  app.route({
    method: "GET",
    url: "/sessions/:session/terminals",
    config: { access: "sessions.reveal", scoped: true },
    schema: {
      summary: "The terminals of a session that were recorded",
      tags: ["sessions"],
      params: one,
      response: {
        200: z.object({
          items: z.array(
            z.object({ terminal: z.number().int(), pieces: z.number().int(), from: z.number(), until: z.number() }),
          ),
        }),
      },
    },
    handler: async (request) => {
      const session = await openable(request, request.params.session);
      return { items: (await deps.screens.terminals(session.id)).map((found) => ({ ...found })) };
    },
  });

  app.route({
    method: "GET",
    url: "/sessions/:session/terminals/:terminal/frames",
    config: { access: "sessions.reveal", scoped: true, rateLimit: { max: 60, timeWindow: 60_000 } },
    schema: {
      summary: "What a terminal showed, frame by frame: a line of JSON each",
      description:
        "Text as it stood on the screen, with values that identify people masked. That somebody looked is in the record first.",
      tags: ["sessions"],
      params: one.extend({ terminal: z.coerce.number().int().min(0).max(1_000_000) }),
      querystring: z.object({ because }),
      produces: ["application/x-ndjson"],
    },
    handler: async (request, reply) => {
      const session = await openable(request, request.params.session);
      const { terminal } = request.params;
      await note(request, "session.replayed", session.id, { terminal, because: request.query.because ?? null });
      const leaving = leavingOf(request);
      const frames = lines(deps.screens.play(session.id, terminal, leaving));
      return reply.type("application/x-ndjson").header("cache-control", "no-store").send(Readable.from(frames));
    },
  });

  app.route({
    method: "GET",
    url: "/sessions/:session/watch",
    config: { access: "sessions.reveal", scoped: true, rateLimit: { max: 60, timeWindow: 60_000 } },
    schema: {
      summary: "Look on while a session goes on: a line of JSON for each frame, entry and sign of life",
      description:
        "Ends with the session, and within a second of the caller's login or rights. Who looked on is in the record, from when until when.",
      tags: ["sessions"],
      params: one,
      querystring: z.object({ because }),
      produces: ["application/x-ndjson"],
    },
    handler: async (request, reply) => {
      const session = await openable(request, request.params.session);
      if ((await deps.sessions.get(sessionId(session.id))) === null)
        throw new HoopError("precondition-failed", "this session is over", { hint: "hoop sessions replay" });
      const principal = principalOf(request);
      await note(request, "session.watched", session.id, { because: request.query.because ?? null });
      const over = new AbortController();
      const stop = deps.identity.authenticator.watch((id, subject, endedLogins) => {
        if (id !== principal.subject.id) return;
        if (subject === null || endedLogins.includes(principal.login)) return over.abort();
        const rights = deps.identity.roles.rights(subject);
        void reach.reaches(rights, session, "sessions.reveal").then((may) => {
          if (!may) over.abort();
        });
      });
      // A token has its end, too; whoever still looks on by then asks again.
      const expires = setTimeout(() => over.abort(), Math.min(principal.expires.getTime() - Date.now(), 2 ** 31 - 1));
      leavingOf(request, over);
      async function* events(): AsyncGenerator<string> {
        try {
          yield* lines(shown(deps.screens.watch(session.id, over.signal)));
          if (over.signal.aborted) yield `${JSON.stringify({ kind: "over", text: "you may not look on any more" })}\n`;
        } finally {
          stop();
          clearTimeout(expires);
          await note(request, "session.watch-ended", session.id, {}).catch(() => {});
        }
      }
      return reply.type("application/x-ndjson").header("cache-control", "no-store").send(Readable.from(events()));
    },
  });
};

/** Entries as everybody who may see the session sees them. */
async function* shown(events: AsyncIterable<WatchEvent>): AsyncGenerator<object> {
  for await (const event of events)
    yield event.kind === "entry" ? { ...event, entry: entrySchema.parse(event.entry) } : event;
}

async function* lines(items: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const item of items) yield `${JSON.stringify(item)}\n`;
}

function leavingOf(request: FastifyRequest, leaving = new AbortController()): AbortSignal {
  request.raw.once("close", () => leaving.abort());
  return leaving.signal;
}
