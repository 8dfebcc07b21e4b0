import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Directory, Expected } from "../../identity/index.js";
import { HoopError, type Subject, subjectId } from "../../vocabulary/index.js";
import type { App, RouteContext } from "../app.js";
import { createCallLimit } from "../call-limit.js";
import { errorFrom } from "../problem.js";
import { discoveryRoutes } from "./discovery-routes.js";
import { groupRoutes } from "./group-routes.js";
import { sendScimError } from "./media.js";
import { createStrangerLimit } from "./stranger-limit.js";
import { userRoutes } from "./user-routes.js";

declare module "fastify" {
  interface FastifyRequest {
    directory: Directory | null;
  }
}

/** What SCIM's routes are given. */
export interface ScimContext extends RouteContext {
  /** Where this is, as the caller reaches it. */
  base(request: FastifyRequest): string;
}

/** Ten thousand members are 1 MB. */
const bodyLimit = 4 * 1024 * 1024;
const perMinute = 3_000;

/** SCIM 2.0 below `/scim/v2` (RFC 7643, RFC 7644): each directory with tokens of its own, and nothing else lets anybody in. */
export async function scimRoutes(app: App, context: RouteContext): Promise<void> {
  const { deps, options } = context;
  const limit = createCallLimit({ perMinute, now: context.now });
  const limited = createStrangerLimit();
  app.decorateRequest("directory", null);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("cache-control", "no-store");
    const token = /^bearer ([\x21-\x7e]{1,256})$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) throw new HoopError("unauthenticated", "a directory's bearer token is missing");
    const found = await limited(token, request.ip, () => deps.identity.directories.authenticate(token));
    limit.take(found.directory.id);
    request.directory = found.directory;
  });
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(["application/scim+json", "application/json"], { parseAs: "string", bodyLimit }, parse);
  app.setErrorHandler((thrown, request, reply) => {
    const error = errorFrom(thrown);
    if (error.code === "internal")
      options.log?.error(
        { err: thrown, method: request.method, route: request.routeOptions.url },
        "a SCIM request failed",
      );
    return sendScimError(reply, error);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendScimError(reply, new HoopError("not-found", "there is nothing here")),
  );

  const scim: ScimContext = {
    ...context,
    base: (request) => `${options.publicUrl ?? `${request.protocol}://${request.host}`}/scim/v2`,
  };
  discoveryRoutes(app as unknown as FastifyInstance, scim);
  userRoutes(app as unknown as FastifyInstance, scim);
  groupRoutes(app as unknown as FastifyInstance, scim);
}

/** Routes that no page of the API reference shows; the hook above has let the directory in. */
export const routeOptions = { config: { access: "public" }, schema: { hide: true }, bodyLimit } as const;

export function directoryOf({ directory }: FastifyRequest): Directory {
  if (directory === null) throw new HoopError("unauthenticated", "a directory's bearer token is missing");
  return directory;
}

/** Under what name a directory's changes are recorded. */
export function actorOf({ id, name }: Directory): { readonly subject: Subject } {
  return { subject: { id: subjectId(id), kind: "service", name: `directory ${name}`, groups: [], version: 0 } };
}

/** `If-Match`: any of several versions; absent or `*`: whichever it is. */
export function expectedOf(request: FastifyRequest): Expected {
  const header = request.headers["if-match"];
  if (header === undefined || header.trim() === "*") return null;
  const versions = new Set(
    [...header.slice(0, 1_000).matchAll(/(?:W\/)?"(\d{1,9})"/g)].map((match) => Number(match[1])),
  );
  return (version) => versions.has(version);
}

/** Whether the caller has this version already. */
export function isKnown(request: FastifyRequest, etag: string): boolean {
  const header = request.headers["if-none-match"];
  return header?.split(",").some((one) => one.trim() === etag) ?? false;
}
