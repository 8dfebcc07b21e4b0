import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  AgentService,
  connectGrpc,
  fetchAuthority,
  GrpcError,
  grpcStatus,
  issuedByOneOf,
  parseJoinToken,
  pinOf,
} from "../transport/grpc/index.js";
import { TransportError } from "../transport/index.js";
import { HoopError } from "../vocabulary/index.js";
import type { AgentConfig } from "./config.js";
import type { AgentLog } from "./log.js";
import { createSigningRequest } from "./signing-request.js";
import { type AgentIdentity, writeIdentity } from "./state.js";

/**
 * Joins: proves the gateway by the token's pin, then itself by the token's secret, and keeps the certificate that it gets for
 * the key that it made. Without TLS the gateway is proven last: only the pinned authority can have signed for that key.
 * Throws HoopError: `invalid` (no such token), `denied` (not that gateway), `unauthenticated` (token
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
  const { gateway: url, serverName, allowPlaintext } = config;
  const plain = new URL(url).protocol === "http:";
  try {
    const authority = ca ?? (plain ? undefined : await fetchAuthority(url, parsed.pin, { serverName, signal }));
    const session = await connectGrpc({
      url,
      tls: { ca: authority, serverName },
      allowPlaintext,
      userAgent: options.userAgent,
      signal,
    });
    try {
      const { key, request } = createSigningRequest();
      const signed = await session.unary(AgentService.method.enrol, {
        joinToken: token.trim(),
        signingRequest: request,
      });
      if (plain) requirePinned(signed, key, parsed.pin);
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

/** Throws HoopError `denied` unless the pinned authority signed the answered certificate, and for the key that was made here. */
function requirePinned(
  signed: { readonly certificateChain: string; readonly gatewayAuthority: string },
  key: string,
  pin: Buffer,
): void {
  const not = (why: string, cause?: unknown) =>
    new HoopError("denied", `this is not the gateway that the join token is for: ${why}`, { cause });
  try {
    const [pinned] = signed.gatewayAuthority.match(pemCertificate) ?? [];
    if (pinned === undefined || !pinOf(pinned).equals(pin)) throw not("its authority is another one");
    const leaf = new X509Certificate(signed.certificateChain);
    if (!issuedByOneOf(leaf, pinned)) throw not("its authority did not sign the certificate");
    if (!leaf.checkPrivateKey(createPrivateKey(key))) throw not("the certificate is for another key");
  } catch (error) {
    throw error instanceof HoopError ? error : not("what it sent is no certificate", error);
  }
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;

function joinError(error: unknown): unknown {
  if (error instanceof GrpcError && error.status === grpcStatus.unauthenticated) {
    return new HoopError("unauthenticated", error.message, {
      hint: "ask for a new token: hoop agents join-token <name>",
    });
  }
  if (error instanceof TransportError) return new HoopError(error.code, error.message, { cause: error });
  return error;
}
