import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { briefly, type CameIn } from "../../identity/index.js";
import { HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import type { App, RouteContext, Routes } from "../app.js";
import { providersOf, settleArrival, stepOf, stepSchema } from "../settle-arrival.js";
import { clearSignInCookie, setSignInCookie, signInCookie } from "../sign-in-cookies.js";
import { tellingFailure } from "../tell-failed-login.js";

// Nobody guesses here, and a whole office sits behind one address.
const rateLimit = { max: 300, timeWindow: 60_000 };
const formLimit = 1024 * 1024;
const longestProblem = 600;
const named = z.object({ provider: z.string().max(64) });

/** Signing in by OpenID Connect and SAML: the ways out, and the ways back. */
export const providerSignInRoutes: Routes = (app, context) => {
  const { deps, options } = context;
  const baseOf = (request: FastifyRequest): string => options.publicUrl ?? `${request.protocol}://${request.host}`;

  app.route({
    method: "GET",
    url: "/login/providers",
    config: { access: "public", rateLimit: { max: 300, timeWindow: 60_000 } },
    schema: {
      summary: "Ways to sign in here",
      tags: ["login"],
      response: {
        200: z.object({
          items: z.array(
            z.object({
              name: z.string(),
              title: z.string(),
              kind: z
                .enum(["oidc", "saml", "ldap"])
                .describe(
                  "`ldap`: name and password go to POST /login with `provider`; else the browser goes to `start`.",
                ),
              start: z.string().nullable(),
            }),
          ),
          localPasswords: z
            .boolean()
            .describe("False: only users for emergencies come in by a password of Hoop's own."),
        }),
      },
    },
    handler: async () => {
      const { providers } = deps.identity;
      const offered = (await providers?.signIns.offered()) ?? [];
      return {
        items: offered.map(({ name, title, kind }) => ({
          name,
          title,
          kind,
          start: kind === "ldap" ? null : `/api/v1/login/providers/${encodeURIComponent(name)}/start`,
        })),
        localPasswords: providers?.localSignIn !== "off",
      };
    },
  });

  app.route({
    method: "GET",
    url: "/login/providers/:provider/start",
    config: { access: "public", rateLimit },
    schema: {
      summary: "Go to a provider's sign-in page",
      tags: ["login"],
      params: named,
      querystring: z.object({
        to: z.string().max(2_000).optional().describe("Where to go afterwards: a path of this gateway."),
      }),
    },
    handler: (request, reply) =>
      pageFor(context, request, reply, async () => {
        const begun = await providersOf(context).signIns.begin(request.params.provider, {
          base: baseOf(request),
          returnTo: request.query.to,
          browser: signInCookie(request, "signin"),
        });
        setSignInCookie(request, reply, "signin", begun.browser);
        return begun.url;
      }),
  });

  app.route({
    method: "GET",
    url: "/login/providers/:provider/callback",
    config: { access: "public", rateLimit },
    schema: { hide: true, params: named },
    handler: (request, reply) =>
      pageFor(context, request, reply, async () => {
        const at = request.url.indexOf("?");
        const query = at === -1 ? "" : request.url.slice(at);
        const browser = signInCookie(request, "signin");
        const { provider } = request.params;
        const came = await tellingFailure(deps, { name: "", from: request.ip, how: "oidc", provider }, () =>
          providersOf(context).signIns.comeBack(provider, baseOf(request), query, browser),
        );
        return enter(context, request, reply, came);
      }),
  });

  app.route({
    method: "GET",
    url: "/login/providers/:provider/finish",
    config: { access: "public", rateLimit },
    schema: { hide: true, params: named, querystring: z.object({ state: z.string().max(100) }) },
    handler: (request, reply) =>
      pageFor(context, request, reply, async () => {
        const browser = signInCookie(request, "signin");
        const { provider } = request.params;
        const came = await tellingFailure(deps, { name: "", from: request.ip, how: "saml", provider }, () =>
          providersOf(context).signIns.finish(provider, request.query.state, browser),
        );
        return enter(context, request, reply, came);
      }),
  });

  app.route({
    method: "GET",
    url: "/login/providers/:provider/metadata",
    config: { access: "public", rateLimit },
    schema: { summary: "What an identity provider of SAML is told about this gateway", tags: ["login"], params: named },
    handler: async (request, reply) => {
      const xml = await providersOf(context).signIns.metadata(request.params.provider, baseOf(request));
      return reply.type("application/samlmetadata+xml; charset=utf-8").send(xml);
    },
  });

  app.route({
    method: "POST",
    url: "/login/continue",
    config: { access: "public", rateLimit: { max: 300, timeWindow: 60_000 } },
    schema: {
      summary: "What comes next in this browser's sign-in, told once",
      tags: ["login"],
      response: { 200: z.object({ step: stepSchema.nullable(), problem: z.string().nullable() }) },
    },
    handler: async (request, reply) => {
      const kept = signInCookie(request, "step") ?? "";
      clearSignInCookie(request, reply, "step");
      if (kept.startsWith("problem."))
        return {
          step: null,
          problem: Buffer.from(kept.slice(8), "base64url").toString("utf8").slice(0, longestProblem),
        };
      if (!kept.startsWith("step.")) return { step: null, problem: null };
      const step = await deps.identity.signIns.resume(kept.slice(5));
      return { step: step.state === "done" ? null : stepOf(step), problem: null };
    },
  });

  // Forms come from other sites' pages and servers: nothing outside of here takes them.
  app.register(async (forms) => {
    forms.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: formLimit },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    postedRoutes(forms as App, context, baseOf);
  });
};

/** What others post: the answer of a SAML provider by way of the browser, and word of a logout by a provider itself. */
function postedRoutes(app: App, context: RouteContext, baseOf: (request: FastifyRequest) => string): void {
  app.route({
    method: "POST",
    url: "/login/providers/:provider/acs",
    config: { access: "public", rateLimit, crossSite: true },
    bodyLimit: formLimit,
    schema: {
      hide: true,
      params: named,
      body: z.object({ SAMLResponse: z.string().max(formLimit), RelayState: z.string().max(200).default("") }),
    },
    handler: (request, reply) =>
      pageFor(context, request, reply, async () => {
        const { provider } = request.params;
        const { SAMLResponse: response, RelayState: state } = request.body;
        const tried = { name: "", from: request.ip, how: "saml", provider } as const;
        await tellingFailure(context.deps, tried, () =>
          providersOf(context).signIns.post(provider, baseOf(request), response, state),
        );
        // The browser keeps its cookies from a form of another site; it brings them with the next step.
        return `/api/v1/login/providers/${encodeURIComponent(provider)}/finish?${new URLSearchParams({ state })}`;
      }),
  });

  app.route({
    method: "POST",
    url: "/login/providers/:provider/backchannel-logout",
    config: { access: "public", rateLimit: { max: 600, timeWindow: 60_000 }, crossSite: true },
    schema: {
      summary: "A provider says that somebody signed out there (OpenID Connect back-channel logout)",
      tags: ["login"],
      params: named,
      body: z.object({ logout_token: z.string().min(1).max(16_384) }),
      response: {
        200: z.object({ ended: z.number().int() }),
        400: z.object({ error: z.string(), error_description: z.string() }),
      },
    },
    handler: async (request, reply) => {
      reply.header("cache-control", "no-store");
      const { provider } = request.params;
      try {
        const ended = await providersOf(context).signIns.logout(provider, request.body.logout_token);
        for (const subject of ended.subjects)
          context.deps.recorder.append({
            kind: "change",
            actor: { subject: subject.id, name: subject.name, system: true },
            what: "login.ended",
            target: subject.name,
            before: null,
            after: { because: "signed out at the provider", provider },
          });
        return { ended: ended.logins };
      } catch (thrown) {
        const error = hoopErrorFrom(thrown);
        if (error.code !== "invalid" && error.code !== "not-found" && error.code !== "denied") throw error;
        return reply.code(400).send({ error: "invalid_request", error_description: error.message });
      }
    },
  });
}

/** In, or on to what is still asked for. */
async function enter(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  came: CameIn,
): Promise<string> {
  clearSignInCookie(request, reply, "signin");
  const next = await settleArrival(context, request, reply, came, "browser");
  if (!("state" in next)) return came.returnTo;
  setSignInCookie(request, reply, "step", `step.${next.pending}`);
  return loginPage(came.returnTo);
}

const loginPage = (to: string): string => `/login?${new URLSearchParams({ ...(to === "/" ? {} : { to }), step: "1" })}`;

/** A person looks at what comes of it: sent on, or shown on the sign-in page what went wrong. */
async function pageFor(
  { options }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<string>,
): Promise<FastifyReply> {
  reply.header("cache-control", "no-store");
  // Codes and states are in these addresses: no page after this one is told.
  reply.header("referrer-policy", "no-referrer");
  try {
    return reply.redirect(await work(), 303);
  } catch (thrown) {
    const error = thrown instanceof HoopError ? thrown : hoopErrorFrom(thrown);
    if (error.code === "internal" || error.cause !== undefined)
      options.log?.warn(
        { why: briefly(error.code === "internal" ? thrown : error.cause), route: request.routeOptions.url },
        error.message,
      );
    const text = [error.message, error.hint].filter((part) => part !== undefined).join(": ");
    const kept = Buffer.from(text.slice(0, longestProblem)).toString("base64url");
    setSignInCookie(request, reply, "step", `problem.${kept}`);
    return reply.redirect(loginPage("/"), 303);
  }
}
