import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import Fastify from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { HoopError } from "../vocabulary/index.js";
import { guard } from "./access.js";
import type { App, RouteContext } from "./app.js";
import { createCallLimit } from "./call-limit.js";
import { consoleIn, serveConsole } from "./console.js";
import type { ApiDeps, ApiOptions } from "./deps.js";
import { openApiOptions } from "./openapi.js";
import { handleError } from "./problem.js";
import { recordChanges } from "./record-change.js";
import { appRoutes } from "./routes/apps.js";
import { devicePageRoutes } from "./routes/device-page.js";
import { routes } from "./routes/index.js";
import { healthRoutes } from "./routes/status.js";
import { scimRoutes } from "./scim/scim.js";

const bodyLimit = 1024 * 1024;

/**
 * The HTTP API, ready for `inject()` or `listenApi`.
 *
 * @example const app = await createApi(deps, { tls: { key, cert }, publicUrl: null, consoleFolder: "web/dist" });
 */
export async function createApi(deps: ApiDeps, options: ApiOptions): Promise<App> {
  const app = Fastify({
    bodyLimit,
    trustProxy: options.trustProxy === undefined ? false : [...options.trustProxy],
    // Slow senders hold a connection, not the gateway.
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    routerOptions: { maxParamLength: 200 },
    logger: false,
    ...(options.tls === null ? {} : { https: { key: options.tls.key, cert: options.tls.cert, minVersion: "TLSv1.2" } }),
  }).withTypeProvider<ZodTypeProvider>() as unknown as App;

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError(options.log));
  await app.register(cookie);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        // Attributes only: component libraries place their pop-ups by style attributes.
        styleSrcAttr: ["'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    // Not `no-referrer`: with it browsers send `Origin: null` with a form, which nobody could tell from a foreign page.
    referrerPolicy: { policy: "same-origin" },
    strictTransportSecurity: options.tls === null ? false : { maxAge: 31_536_000, includeSubDomains: false },
  });
  await app.register(rateLimit, {
    global: false,
    cache: 20_000,
    errorResponseBuilder: (_request, { after }) =>
      new HoopError("limited", "too many requests", { hint: `try again in ${after}` }),
  });
  await app.register(swagger, openApiOptions(deps.status().version));

  guard(app, {
    authenticator: deps.identity.authenticator,
    roles: deps.identity.roles,
    publicUrl: options.publicUrl,
    limit: createCallLimit({ perMinute: options.callsPerMinute ?? 3_000, now: deps.now ?? Date.now }),
  });
  app.addHook("onSend", async (request, reply) => {
    // Answers are about people and secrets: no cache keeps them.
    if (request.url.startsWith("/api/") && !reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
  });

  const context: RouteContext = { deps, options, now: deps.now ?? Date.now, change: recordChanges(deps.recorder) };
  await app.register(
    async (api) => {
      for (const add of routes) add(api as App, context);
      api.get("/openapi.json", { config: { access: "public" }, schema: { hide: true } }, async () => app.swagger());
    },
    { prefix: "/api/v1" },
  );
  await app.register(async (scim) => scimRoutes(scim as App, context), { prefix: "/scim/v2" });
  healthRoutes(app, context);
  appRoutes(app, context);
  const folder = consoleIn(options.consoleFolder) ? options.consoleFolder : null;
  if (folder === null) await app.register(async (pages) => devicePageRoutes(pages as App, context));
  await serveConsole(app, folder);
  await app.ready();
  return app;
}

/** Listens. Throws HoopError `precondition-failed`: plain HTTP off loopback would show every token to the network. */
export async function listenApi(
  app: App,
  options: { readonly host: string; readonly port: number; readonly tls: boolean },
): Promise<{ readonly host: string; readonly port: number }> {
  if (!options.tls && !isLoopback(options.host)) {
    throw new HoopError("precondition-failed", `the API may not listen on ${options.host} without TLS`, {
      hint: "give it a certificate, or listen on 127.0.0.1 behind a proxy that has one",
    });
  }
  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  return { host: options.host, port: typeof address === "object" && address !== null ? address.port : options.port };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
