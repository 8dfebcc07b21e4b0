import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { HoopError, type SubjectId, sessionId, subjectId } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import type { AuditPort, RecordedSession } from "../deps.js";
import {
  cursorFrom,
  cursorTo,
  entrySchema,
  iso,
  isoOrNull,
  noContentSchema,
  pageQuerySchema,
  pageSchema,
  timeSchema,
} from "../schemas.js";
import { createReach } from "../session-reach.js";

const who = z.object({ id: z.uuid(), name: z.string() });
const liveSchema = z
  .object({
    id: z.uuid(),
    replica: z.string(),
    subject: who,
    connection: z.string(),
    protocol: z.string(),
    from: z.string(),
    startedAt: timeSchema,
  })
  .meta({ id: "LiveSession" });
const recordedSchema = z
  .object({
    id: z.uuid(),
    subject: who,
    connection: z.string(),
    protocol: z.string(),
    from: z.string(),
    startedAt: timeSchema,
    endedAt: timeSchema.nullable(),
    statements: z.number().int(),
    end: z.object({ code: z.string(), text: z.string() }).nullable(),
  })
  .meta({ id: "RecordedSession" });
const listedSchema = pageSchema(recordedSchema).extend({
  behind: z
    .number()
    .int()
    .optional()
    .describe(
      "So many entries of this gateway had not reached the store in time: the newest sessions may be missing. Absent: none.",
    ),
});
const filterSchema = pageQuerySchema.extend({
  subject: z.string().max(64).optional().describe("A user's name or id. Without `sessions.read`, your own only."),
  connection: z.string().max(63).optional(),
});
const one = z.object({ session: z.uuid() });
/** Characters of one sealed part that are answered. */
const longestPart = 4 * 1024 * 1024;
const revealBodySchema = z.strictObject({
  part: z.enum(["text", "values", "error"]).default("text"),
  because: z.string().min(1).max(1_000).describe("Why; it is recorded."),
});
const revealedSchema = z.object({
  part: z.enum(["text", "values", "error"]),
  text: z.string().nullable(),
  values: z.array(z.string().nullable()).nullable().describe("Bytes that are no text as hex behind `\\x`."),
  cut: z.boolean().describe("Whether there is more than the four million characters that are answered."),
});

/** Open and recorded sessions: everybody's for those who may read them, on some connections or all; their own for others. */
export const sessionRoutes: Routes = (app, { deps, change }) => {
  const reach = createReach(deps);

  /** Whose sessions the caller may look through; undefined: everybody's. */
  async function scope(request: FastifyRequest, wanted: string | undefined): Promise<SubjectId | undefined> {
    const { subject, rights } = principalOf(request);
    if (!rights.hasSomewhere("sessions.read")) {
      if (wanted === undefined || wanted === subject.name || wanted === subject.id) return subject.id;
      throw new HoopError("denied", "you may look at your own sessions only", { hint: "sessions.read sees others'" });
    }
    if (wanted === undefined) return undefined;
    // Who was removed still has recordings: an id needs no user behind it.
    return z.uuid().safeParse(wanted).success ? subjectId(wanted) : (await deps.identity.users.get(wanted)).id;
  }

  const unknown = () => new HoopError("not-found", "there is no such session", { hint: "hoop sessions ls" });

  app.route({
    method: "GET",
    url: "/sessions/live",
    config: { access: "subject" },
    schema: {
      summary: "Open sessions on every replica, newest first",
      tags: ["sessions"],
      querystring: filterSchema,
      response: { 200: pageSchema(liveSchema) },
    },
    handler: async (request) => {
      const { limit, after, connection } = request.query;
      const cursor = after === undefined ? undefined : cursorTo(after, z.tuple([z.iso.datetime(), z.uuid()]));
      const before = cursor === undefined ? undefined : { startedAt: new Date(cursor[0]), id: sessionId(cursor[1]) };
      const list = await deps.sessions.list({
        subject: await scope(request, request.query.subject),
        within: await reach.within(principalOf(request)),
        connection,
        before,
        limit,
      });
      const last = list.at(-1);
      return {
        items: list.map((session) => ({
          ...session,
          subject: { ...session.subject },
          connection: session.connection.name,
          startedAt: iso(session.startedAt),
        })),
        next: last === undefined || list.length < limit ? null : cursorFrom([iso(last.startedAt), last.id]),
      };
    },
  });

  app.route({
    method: "GET",
    url: "/sessions",
    config: { access: "subject" },
    schema: {
      summary: "Recorded sessions, newest first",
      tags: ["sessions"],
      querystring: filterSchema,
      response: { 200: listedSchema },
    },
    handler: async (request) => {
      const { limit, after, connection } = request.query;
      const page = await deps.recordings.sessions({
        subject: await scope(request, request.query.subject),
        within: await reach.within(principalOf(request)),
        connection,
        after,
        limit,
      });
      return { items: page.items.map(shown), next: page.next, behind: page.behind };
    },
  });

  /** A recorded session that the caller may see, or with `alone` may open the sealed parts of, also where it is their own; of another's not even whether it is there. */
  async function visible(request: FastifyRequest, id: string, alone = false) {
    const session = await deps.recordings.session(id);
    const { subject, rights } = principalOf(request);
    if (session === null) throw unknown();
    if (session.subject.id === subject.id && !alone) return session;
    if (!(await reach.reaches(rights, session, alone ? "sessions.reveal" : "sessions.read"))) throw unknown();
    return session;
  }

  app.route({
    method: "GET",
    url: "/sessions/:session",
    config: { access: "subject" },
    schema: { summary: "One recorded session", tags: ["sessions"], params: one, response: { 200: recordedSchema } },
    handler: async (request) => shown(await visible(request, request.params.session)),
  });

  app.route({
    method: "GET",
    url: "/sessions/:session/entries",
    config: { access: "subject" },
    schema: {
      summary: "A session's entries, oldest first",
      description:
        "Literals are masked by the rules in force when they were recorded; sealed parts are not opened here.",
      tags: ["sessions"],
      params: one,
      querystring: pageQuerySchema,
      response: { 200: pageSchema(entrySchema) },
    },
    handler: async (request) => {
      const session = await visible(request, request.params.session);
      const page = await deps.recordings.entries(session.id, request.query);
      return { items: page.items.map((entry) => ({ ...entry })), next: page.next };
    },
  });

  app.route({
    method: "POST",
    url: "/sessions/:session/entries/:seq/reveal",
    config: { access: "sessions.reveal", scoped: true, rateLimit: { max: 60, timeWindow: 60_000 } },
    schema: {
      summary: "Open a sealed part of an entry",
      description: "Who looked, at what and why is in the record before it is opened.",
      tags: ["sessions"],
      params: one.extend({ seq: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
      body: revealBodySchema,
      response: { 200: revealedSchema },
    },
    handler: async (request) => {
      const session = await visible(request, request.params.session, true);
      const { subject } = principalOf(request);
      const because = request.body.because.replaceAll(/\p{C}/gu, " ").trim();
      if (because === "") throw new HoopError("invalid", "say in a few words why you look");
      const revealed = await deps.audit.reveal(
        {
          session: sessionId(session.id),
          seq: request.params.seq,
          part: request.body.part,
          by: { subject: subject.id, name: subject.name },
          because,
        },
        // The guard of the route has decided.
        () => {},
      );
      return shownPart(revealed);
    },
  });

  app.route({
    method: "POST",
    url: "/sessions/:session/kill",
    config: { access: "subject" },
    schema: {
      summary: "End an open session within a second; your own, or with `sessions.kill` others'",
      tags: ["sessions"],
      params: one,
      body: z
        .strictObject({ reason: z.string().max(500).optional().describe("Shown to whoever is in the session.") })
        .nullish(),
      response: { 202: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject, rights } = principalOf(request);
      const id = sessionId(request.params.session);
      await change({ subject }, async () => {
        const session = await deps.sessions.get(id);
        if (session === null || (session.subject.id !== subject.id && !reach.kills(rights, session))) throw unknown();
        const reason = (request.body?.reason ?? "").replaceAll(/\p{C}/gu, " ").trim() || "no reason given";
        await deps.sessions.requestKill(id, subject.name, reason);
        const before = { subject: session.subject.name, connection: session.connection.name };
        return { answer: null, entry: { what: "session.killed", target: id, before, after: { reason } } };
      });
      return reply.code(202).send(null);
    },
  });
};

/** Text where it is one, else hex: what is bound in binary is still what was sent. */
function shownPart(revealed: Awaited<ReturnType<AuditPort["reveal"]>>): z.infer<typeof revealedSchema> {
  if (revealed.part !== "values") {
    const { part, text } = revealed;
    return { part, text: text.slice(0, longestPart), values: null, cut: text.length > longestPart };
  }
  let room = longestPart;
  const values: (string | null)[] = [];
  for (const value of revealed.values) {
    const text = value === null ? null : isUtf8(value) ? value.toString("utf8") : `\\x${value.toString("hex")}`;
    room -= (text?.length ?? 0) + 1;
    if (room < 0) break;
    values.push(text);
  }
  return { part: "values", text: null, values, cut: values.length < revealed.values.length };
}

function shown(session: RecordedSession): z.infer<typeof recordedSchema> {
  const { id, connection, protocol, from, statements } = session;
  return {
    id,
    subject: { ...session.subject },
    connection,
    protocol,
    from,
    startedAt: iso(session.startedAt),
    endedAt: isoOrNull(session.endedAt),
    statements,
    end: session.end === null ? null : { ...session.end },
  };
}
