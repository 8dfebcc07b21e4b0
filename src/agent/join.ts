import {
  AgentService,
  connectGrpc,
  fetchAuthority,
  GrpcError,
  grpcStatus,
  parseJoinToken,
} from "../transport/grpc/index.js";
import { TransportError } from "../transport/index.js";
import { HoopError } from "../vocabulary/index.js";
import type { AgentConfig } from "./config.js";
import type { AgentLog } from "./log.js";
import { createSigningRequest } from "./signing-request.js";
import { type AgentIdentity, writeIdentity } from "./state.js";

/**
 * Joins: proves the gateway by the token's pin, then itself by the token's secret, and keeps the certificate that it gets for
 * the key that it made. Throws HoopError: `invalid` (no such token), `denied` (not that gateway), `unauthenticated` (token
 * used or expired), `unavailable`.
 */
export async function join(
  config: AgentConfig,
  token: string,
  options: {
    readonly userAgent: string;
    readonly ca: string | undefined;
    readonly signal: AbortSignal;
    readonly log: AgentLog;
  },
): Promise<AgentIdentity> {
  const { signal, log, ca } = options;
  const parsed = parseJoinToken(token);
  if (parsed === null)
    throw new HoopError("invalid", "this is no join token", { hint: "hoop agents join-token <name>" });
  const { gateway: url, serverName } = config;
  try {
    const authority = ca ?? (await fetchAuthority(url, parsed.pin, { serverName, signal }));
    const session = await connectGrpc({
      url,
      tls: { ca: authority, serverName },
      userAgent: options.userAgent,
      signal,
    });
    try {
      const { key, request } = createSigningRequest();
      const signed = await session.unary(AgentService.method.enrol, {
        joinToken: token.trim(),
        signingRequest: request,
      });
      const identity = {
        name: signed.agentName,
        key,
        certificate: signed.certificateChain,
        authority: signed.gatewayAuthority,
      };
      await writeIdentity(config.state, identity);
      log.info({ agent: identity.name, state: config.state }, "joined");
      return identity;
    } finally {
      session.close();
    }
  } catch (error) {
    throw joinError(error);
  }
}

function joinError(error: unknown): unknown {
  if (error instanceof GrpcError && error.status === grpcStatus.unauthenticated) {
    return new HoopError("unauthenticated", error.message, {
      hint: "ask for a new token: hoop agents join-token <name>",
    });
  }
  if (error instanceof TransportError) return new HoopError(error.code, error.message, { cause: error });
  return error;
}
