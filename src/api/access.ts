import { createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isPermission, type Permission, type Rights, type Roles, type TokenAuthenticator } from "../identity/index.js";
import { HoopError, type Subject } from "../vocabulary/index.js";
import type { CallLimit } from "./call-limit.js";

/**
 * Who may call a route. `public`: anybody. `subject`: whoever is signed in; what they see is their own. A permission: whoever
 * has it everywhere.
 */
export type Access = "public" | "subject" | Permission;

/** Who calls. */
export interface Principal {
  readonly subject: Subject;
  /** As roles are at this request. */
  readonly rights: Rights;
  readonly login: string;
  readonly expires: Date;
  /** A browser's cookie comes along by itself, so its writes need more proof. */
  readonly via: "bearer" | "cookie";
  /** Null for bearers: nothing else sends their token. */
  readonly csrfToken: string | null;
}

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
    /** A page of another site posts a form here, as a sign-in provider's does; what it brings proves itself, and no cookie is looked at. */
    crossSite?: boolean;
    /** Whoever has the permission on some connections only is let in as well: the handler asks for each connection. */
    scoped?: boolean;
  }
  interface FastifyRequest {
    principal: Principal | null;
  }
}

const safe = new Set(["GET", "HEAD", "OPTIONS"]);
const secureCookie = "__Host-hoop";
const plainCookie = "hoop";

/** Who calls a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new HoopError("unauthenticated", "you are not signed in", { hint: "hoop login" });
  return request.principal;
}

export interface GuardParts {
  readonly authenticator: TokenAuthenticator;
  readonly roles: Pick<Roles, "rights">;
  readonly publicUrl: string | null;
  /** How much one subject may ask for. */
  readonly limit: CallLimit;
}

/** Puts the guard before every route: who calls, and whether they may, before a byte of the body is read. */
export function guard(app: FastifyInstance, { authenticator, roles, publicUrl, limit }: GuardParts): void {
  app.decorateRequest("principal", null);
  app.addHook("onRoute", (route) => {
    // A route that nobody thought about is nobody's.
    if (route.config?.access === undefined)
      throw new TypeError(`route ${String(route.method)} ${route.url} does not say who may call it`);
  });
  app.addHook("onRequest", async (request) => {
    const { access, scoped = false, crossSite = false } = request.routeOptions.config;
    // Not found: nothing to guard.
    if (request.is404) return;
    if (!(crossSite && access === "public")) checkOrigin(request, publicUrl);
    if (access === "public") return;
    const found = await authenticate(request, authenticator);
    limit.take(found.subject.id);
    const principal = { ...found, rights: roles.rights(found.subject) };
    request.principal = principal;
    if (!safe.has(request.method)) mayWrite(principal.subject);
    if (access === "subject") return;
    if (access === undefined || !isPermission(access)) throw new HoopError("denied", "this is nobody's to call");
    const may = scoped ? principal.rights.hasSomewhere(access) : principal.rights.has(access);
    if (!may) throw denied(access);
  });
}

/** A refusal that names what is missing. */
export function denied(permission: Permission, what = "this"): HoopError {
  return new HoopError("denied", `you may not do ${what}: it needs ${permission}`, { hint: "ask an admin" });
}

/** A token that only reads changes nothing here either, whoever holds it. */
function mayWrite({ bounds = [], onBehalfOf }: Subject): void {
  const bound = [...bounds, ...(onBehalfOf?.bounds ?? [])].find(({ readOnly }) => readOnly === true);
  if (bound !== undefined) throw new HoopError("denied", `${bound.of} only reads`);
}

async function authenticate(
  request: FastifyRequest,
  authenticator: TokenAuthenticator,
): Promise<Omit<Principal, "rights">> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^bearer ([\x21-\x7e]{1,256})$/i.exec(authorization)?.[1];
    if (token === undefined)
      throw new HoopError("unauthenticated", "the authorization header is not a bearer token", { hint: "hoop login" });
    return { ...(await authenticator.authenticate(token, request.ip)), via: "bearer", csrfToken: null };
  }
  const token = cookieOf(request);
  if (token === undefined) throw new HoopError("unauthenticated", "you are not signed in", { hint: "hoop login" });
  const found = await authenticator.authenticateBrowser(token, request.ip);
  const csrfToken = csrfTokenFor(token);
  if (!safe.has(request.method)) {
    if (request.headers.origin === undefined)
      throw new HoopError("denied", "the browser did not say which site this request comes from");
    if (!equal(String(request.headers["x-csrf-token"] ?? ""), csrfToken)) {
      throw new HoopError("denied", "the X-CSRF-Token header is missing or wrong", {
        hint: "it is in the answer to signing in, and under /api/v1/me",
      });
    }
  }
  return { ...found, via: "cookie", csrfToken };
}

/** A write that a browser makes for another site is refused, signed in or not. */
function checkOrigin(request: FastifyRequest, publicUrl: string | null): void {
  const { origin } = request.headers;
  if (origin === undefined || safe.has(request.method)) return;
  if (origin === `${request.protocol}://${request.host}`) return;
  if (publicUrl !== null && origin === new URL(publicUrl).origin) return;
  throw new HoopError("denied", "this request comes from another site");
}

/** Derived from the cookie, which a page of another site cannot read: nothing to keep, nothing to get out of step. */
export function csrfTokenFor(browserToken: string): string {
  return createHmac("sha256", browserToken).update("hoop csrf v1").digest("base64url");
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function cookieOf(request: FastifyRequest): string | undefined {
  return request.cookies[request.protocol === "https" ? secureCookie : plainCookie];
}

/** The token in a browser's cookie; whether it is worth anything is not looked at. */
export function browserTokenOf(request: FastifyRequest): string | undefined {
  return cookieOf(request);
}

export function setBrowserCookie(request: FastifyRequest, reply: FastifyReply, token: string, expires: Date): void {
  const secure = request.protocol === "https";
  // The prefix makes browsers insist: secure, this host only, the whole path.
  reply.setCookie(secure ? secureCookie : plainCookie, token, {
    httpOnly: true,
    sameSite: "lax",
    secure,
    path: "/",
    expires,
  });
}

export function clearBrowserCookie(request: FastifyRequest, reply: FastifyReply): void {
  const secure = request.protocol === "https";
  reply.clearCookie(secure ? secureCookie : plainCookie, { httpOnly: true, sameSite: "lax", secure, path: "/" });
}
