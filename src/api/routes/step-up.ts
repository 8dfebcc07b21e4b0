import { z } from "zod";
import type { StepUpAim, StoredChallenge } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { type Principal, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { codeSchema, passkeyAnswerSchema, passkeyOptionsSchema } from "../factor-schemas.js";
import { insideLogin } from "../inside-login.js";
import { iso, timeSchema } from "../schemas.js";
import { siteOf } from "../site.js";

const rateLimit = { max: 60, timeWindow: 60_000 };
const aimShape = {
  challenge: z.string().max(64).optional().describe("The question that is answered, `BCDFG-HJKLM`."),
  connection: z.string().max(64).optional().describe("Or a connection, before it asks. Neither: your account itself."),
};
const challengeSchema = z
  .object({
    id: z.string(),
    connection: z.string(),
    session: z.uuid().nullable(),
    shown: z.string().nullable().describe("The statement with its literals replaced; null: the connection itself."),
    createdAt: timeSchema,
    expires: timeSchema,
    state: z.enum(["pending", "answered", "closed", "expired"]),
  })
  .meta({ id: "StepUpChallenge" });
const answeredSchema = z.object({
  connection: z.string().nullable(),
  with: z.enum(["password", "totp", "recovery-code", "passkey"]),
  recoveryCodes: z.number().int().nullable().describe("After a recovery code: how many are left."),
});

/** Answering a second factor while signed in: what a rule asked, or what changing one's own account needs. */
export const stepUpRoutes: Routes = (app, context) => {
  const { deps, options, change } = context;
  const { stepUps, factors, logins } = deps.identity;

  function aimOf(principal: Principal, aim: { challenge?: string | undefined; connection?: string | undefined }) {
    if (aim.challenge !== undefined && aim.connection !== undefined)
      throw new HoopError("invalid", "name the question or the connection, not both");
    const connection = aim.connection === undefined ? null : usable(principal, aim.connection);
    return { challenge: aim.challenge ?? null, connection } satisfies StepUpAim;
  }

  /** As elsewhere: what somebody may not use is not there. */
  function usable({ subject }: Principal, wanted: string): string {
    const found = deps.connections.source.byName(wanted.toLowerCase());
    if (found !== undefined && deps.mayConnect(subject, found)) return found.name;
    throw new HoopError("not-found", `there is no connection ${JSON.stringify(wanted)} that you may use`, {
      hint: "answer the question of the program that asks: hoop mfa",
    });
  }

  app.route({
    method: "GET",
    url: "/me/step-up",
    config: { access: "subject" },
    schema: {
      summary: "Questions that wait for your second factor, newest first",
      tags: ["second factor"],
      response: { 200: z.object({ items: z.array(challengeSchema) }) },
    },
    handler: async (request) => ({
      items: (await stepUps.list(principalOf(request).subject.id)).map(shown),
    }),
  });

  app.route({
    method: "GET",
    url: "/me/step-up/:id",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "One question; somebody else's is not found",
      tags: ["second factor"],
      params: z.object({ id: z.string().max(64) }),
      response: { 200: challengeSchema },
    },
    handler: async (request) => shown(await stepUps.look(request.params.id, principalOf(request).subject.id)),
  });

  app.route({
    method: "POST",
    url: "/me/step-up/options",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "What a passkey is to sign",
      tags: ["second factor"],
      body: z.strictObject(aimShape),
      response: { 200: passkeyOptionsSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const aim = aimOf(principal, request.body);
      return { ...(await stepUps.options(principal, aim, siteOf(request, options.publicUrl))) };
    },
  });

  app.route({
    method: "POST",
    url: "/me/step-up",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "Answer with a second factor",
      description:
        "For a question or a connection it counts as long as the rule says. For your account itself (neither) it lets this login change second factors for five minutes; " +
        "who has none yet says the password instead.",
      tags: ["second factor"],
      body: z.strictObject({
        ...aimShape,
        answer: z.union([
          z.strictObject({ code: codeSchema }),
          z.strictObject({ passkey: passkeyAnswerSchema }),
          z.strictObject({ password: z.string().min(1).max(1024) }),
        ]),
      }),
      response: { 200: answeredSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { answer, ...wanted } = request.body;
      const aim = aimOf(principal, wanted);
      const target = aim.connection ?? principal.subject.name;
      if ("password" in answer) {
        if (aim.challenge !== null || aim.connection !== null)
          throw new HoopError("invalid", "a password is no second factor");
        return change(principal, async () => {
          await insideLogin(() =>
            factors.proveByPassword(principal, (name) => logins.checkPassword(name, answer.password, request.ip)),
          );
          return {
            answer: { connection: null, with: "password" as const, recoveryCodes: null },
            entry: { what: "step-up", target, before: null, after: { with: "password" } },
          };
        });
      }
      return change(principal, async () => {
        const done = await insideLogin(() => stepUps.answer(principal, aim, answer, request.ip));
        return {
          answer: { connection: done.connection, with: done.with, recoveryCodes: done.codesLeft },
          entry: {
            what: "step-up",
            target: done.connection ?? target,
            before: null,
            after: { with: done.with, challenge: done.challenge?.id ?? null, session: done.challenge?.session ?? null },
          },
        };
      }).catch(async (error: unknown) => {
        // Whoever guesses here holds a token of this person.
        if (error instanceof HoopError && error.code === "denied")
          await change(principal, async () => ({
            answer: null,
            entry: {
              what: "step-up.failed",
              target,
              before: null,
              after: { challenge: aim.challenge, from: request.ip },
            },
          }));
        throw error;
      });
    },
  });
};

function shown(challenge: StoredChallenge): z.infer<typeof challengeSchema> {
  const { id, connection, session, shown: text, createdAt, expiresAt, state } = challenge;
  return { id, connection, session, shown: text, createdAt: iso(createdAt), expires: iso(expiresAt), state };
}
