import type { FastifyReply } from "fastify";
import { scimTypeOf } from "../../identity/index.js";
import { errorCodes, type HoopError } from "../../vocabulary/index.js";
import { retrySeconds } from "../problem.js";

export const mediaType = "application/scim+json; charset=utf-8";
export const urns = {
  error: "urn:ietf:params:scim:api:messages:2.0:Error",
  list: "urn:ietf:params:scim:api:messages:2.0:ListResponse",
  user: "urn:ietf:params:scim:schemas:core:2.0:User",
  group: "urn:ietf:params:scim:schemas:core:2.0:Group",
  enterprise: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
  config: "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
  resourceType: "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
} as const;

export function send(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply.code(status).type(mediaType).serializer(JSON.stringify).send(body);
}

/** An error in the protocol's own form (RFC 7644, section 3.12); its text is ours, its cause stays in. */
export function sendScimError(reply: FastifyReply, error: HoopError): FastifyReply {
  const status = errorCodes[error.code];
  if (error.code === "unauthenticated") reply.header("www-authenticate", 'Bearer realm="hoop scim"');
  // Providers wait that long, and try again by themselves.
  if (error.code === "limited") reply.header("retry-after", String(error.retryAfter ?? retrySeconds));
  const scimType = scimTypeOf(error) ?? (error.code === "conflict" ? "uniqueness" : undefined);
  const detail = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  return send(reply, status, {
    schemas: [urns.error],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail,
  });
}
