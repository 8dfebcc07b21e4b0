import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * What a browser holds while it signs in. `signin`: which browser began, so that nobody finishes for another. `step`: what comes next, or
 * what went wrong, for the console's page to ask for; an address could say anything, and so could whoever sends one to somebody.
 */
type Kind = "signin" | "step";

const lifeS = 600;

const nameOf = (request: FastifyRequest, kind: Kind): string =>
  `${request.protocol === "https" ? "__Host-" : ""}hoop-${kind}`;

export function signInCookie(request: FastifyRequest, kind: Kind): string | undefined {
  return request.cookies[nameOf(request, kind)];
}

export function setSignInCookie(request: FastifyRequest, reply: FastifyReply, kind: Kind, value: string): void {
  reply.setCookie(nameOf(request, kind), value, {
    httpOnly: true,
    // Lax: it must come along when the provider sends the browser back.
    sameSite: kind === "step" ? "strict" : "lax",
    secure: request.protocol === "https",
    path: "/",
    maxAge: lifeS,
  });
}

export function clearSignInCookie(request: FastifyRequest, reply: FastifyReply, kind: Kind): void {
  reply.clearCookie(nameOf(request, kind), {
    httpOnly: true,
    sameSite: kind === "step" ? "strict" : "lax",
    secure: request.protocol === "https",
    path: "/",
  });
}
