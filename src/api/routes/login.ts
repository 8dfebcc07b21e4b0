import { z } from "zod";
import { passwordOnly } from "../../identity/index.js";
import { HoopError, type Subject } from "../../vocabulary/index.js";
import { clearBrowserCookie, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { giveLogin, signedInSchema, tokensOf, tokensSchema } from "../give-login.js";
import { iso, noContentSchema, timeSchema } from "../schemas.js";
import { providersOf, settleArrival, stepOf, stepSchema } from "../settle-arrival.js";
import { tellingFailure } from "../tell-failed-login.js";

const rateLimit = { max: 60, timeWindow: 60_000 };

/** Signing in and out. */
export const loginRoutes: Routes = (app, context) => {
  const { deps, options, change } = context;
  const { logins, devices, signIns } = deps.identity;
  const clientOf = (agent: string | undefined) => agent ?? "unknown";

  async function recordLogin(subject: Subject, how: string, from: string): Promise<void> {
    await change({ subject }, async () => ({
      answer: null,
      entry: { what: "login", target: subject.name, before: null, after: { how, from } },
    }));
  }

  app.route({
    method: "POST",
    url: "/login",
    config: { access: "public", rateLimit },
    schema: {
      summary: "Sign in with a password",
      description:
        "`as: tokens` for programs; `as: browser` sets a cookie and answers the CSRF token. 202: a second step is needed. `provider`: a directory that knows the password.",
      tags: ["login"],
      body: z.strictObject({
        name: z.string().min(1).max(200),
        password: z.string().min(1).max(1024),
        as: z.enum(["tokens", "browser"]).default("tokens"),
        provider: z.string().max(64).optional(),
      }),
      response: { 200: signedInSchema, 202: stepSchema },
    },
    handler: async (request, reply) => {
      const { name, password, as, provider } = request.body;
      const asker = { client: clientOf(request.headers["user-agent"]), address: request.ip };
      if (provider !== undefined) {
        const tried = { name, from: request.ip, how: "ldap", provider } as const;
        const came = await tellingFailure(deps, tried, () =>
          providersOf(context).signIns.byPassword(provider, name, password, request.ip),
        );
        const next = await settleArrival(context, request, reply, came, as);
        return "state" in next ? reply.code(202).send(stepOf(next)) : next;
      }
      const tried = { name, from: request.ip, how: "password", provider: null } as const;
      const subject = await tellingFailure(deps, tried, () => logins.checkPassword(name, password, request.ip));
      const step = await signIns.next(subject, as, asker);
      if (step.state === "done") return giveLogin(context, request, reply, { subject, as }, passwordOnly, "password");
      return reply.code(202).send(stepOf(step));
    },
  });

  app.route({
    method: "POST",
    url: "/login/device",
    config: { access: "public", rateLimit },
    schema: {
      summary: "Begin signing a program in through the browser (RFC 8628)",
      tags: ["login"],
      body: z
        .strictObject({
          client: z.string().max(120).optional().describe("What the page shows: `hoop on ada's laptop`."),
        })
        .nullish(),
      response: {
        200: z.object({
          device_code: z.string(),
          user_code: z.string(),
          verification_uri: z.string(),
          verification_uri_complete: z.string(),
          expires_in: z.number().int().describe("Seconds."),
          interval: z.number().int().describe("Seconds between polls."),
        }),
      },
    },
    handler: async (request) => {
      const started = await devices.start({
        client: request.body?.client ?? clientOf(request.headers["user-agent"]),
        address: request.ip,
      });
      const page = new URL("/login/device", options.publicUrl ?? `${request.protocol}://${request.host}`);
      const complete = new URL(page);
      complete.searchParams.set("code", started.userCode);
      return {
        device_code: started.deviceCode,
        user_code: started.userCode,
        verification_uri: page.href,
        verification_uri_complete: complete.href,
        expires_in: Math.max(1, Math.round((started.expires.getTime() - (deps.now ?? Date.now)()) / 1_000)),
        interval: started.interval,
      };
    },
  });

  app.route({
    method: "POST",
    url: "/login/token",
    // A program that polls asks every two seconds, and several may sit behind one address.
    config: { access: "public", rateLimit: { max: 600, timeWindow: 60_000 } },
    schema: {
      summary: "Tokens for a device code or a refresh token",
      description: "202 while the person has not answered yet.",
      tags: ["login"],
      body: z.union([
        z.strictObject({ deviceCode: z.string().max(200) }),
        z.strictObject({ refreshToken: z.string().max(200) }),
      ]),
      response: { 200: tokensSchema, 202: z.object({ state: z.enum(["pending", "slow-down"]) }) },
    },
    handler: async (request, reply) => {
      if ("refreshToken" in request.body) return tokensOf(await logins.refresh(request.body.refreshToken));
      const answer = await devices.poll(request.body.deviceCode);
      if (answer.state === "denied") throw new HoopError("denied", "the login was denied in the browser");
      if (answer.state === "expired")
        throw new HoopError("not-found", "this login has expired, or was answered already", {
          hint: "run hoop login again",
        });
      if (answer.state !== "approved") return reply.code(202).send({ state: answer.state });
      await recordLogin(answer.tokens.subject, "device", request.ip);
      return tokensOf(answer.tokens);
    },
  });

  app.route({
    method: "GET",
    url: "/login/device/:userCode",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "What waits behind a user code",
      tags: ["login"],
      params: z.object({ userCode: z.string().max(20) }),
      response: { 200: z.object({ client: z.string(), address: z.string(), expires: timeSchema }) },
    },
    handler: async (request) => {
      const login = await devices.look(request.params.userCode, request.ip);
      return { client: login.client, address: login.address, expires: iso(login.expiresAt) };
    },
  });

  app.route({
    method: "POST",
    url: "/login/device/:userCode",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "Approve or deny a program that wants to sign in as you",
      tags: ["login"],
      params: z.object({ userCode: z.string().max(20) }),
      body: z.strictObject({ answer: z.enum(["approved", "denied"]) }),
      response: { 200: z.object({ client: z.string(), address: z.string() }) },
    },
    handler: async (request) => {
      const { subject, login: approver } = principalOf(request);
      const { answer } = request.body;
      return change({ subject }, async () => {
        const login = await devices.answer(request.params.userCode, answer, subject, request.ip, {
          login: approver,
        });
        const { client, address } = login;
        return {
          answer: { client, address },
          entry: { what: `login.device.${answer}`, target: subject.name, before: null, after: { client, address } },
        };
      });
    },
  });

  app.route({
    method: "POST",
    url: "/logout",
    config: { access: "subject" },
    schema: {
      summary: "End this login, its renewals and what was opened with it",
      tags: ["login"],
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject, login, via } = principalOf(request);
      await change({ subject }, async () => {
        await logins.end(login, subject.id, "logout");
        return { answer: null, entry: { what: "logout", target: subject.name, before: null, after: null } };
      });
      if (via === "cookie") clearBrowserCookie(request, reply);
      return reply.code(204).send(null);
    },
  });
};
