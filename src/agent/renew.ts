import { createPrivateKey, X509Certificate } from "node:crypto";
import { AgentService, fullJitter, type GatewayLink } from "../transport/grpc/index.js";
import type { AgentLog } from "./log.js";
import { createSigningRequest } from "./signing-request.js";
import { type AgentIdentity, lifeOf, writeIdentity } from "./state.js";

/** Longest delay of one timer. */
const maxWaitMs = 3_600_000;
/** Between one renewal and the next. */
const leastMs = 30_000;

/** Renews the certificate, with a new key, after two thirds of its life, and tries again until it ends. Stops on the signal. */
export async function keepRenewed(
  identity: () => AgentIdentity,
  link: GatewayLink,
  options: {
    readonly state: string;
    readonly log: AgentLog;
    readonly signal: AbortSignal;
    readonly renewed: (identity: AgentIdentity) => void;
  },
): Promise<void> {
  const { state, log, signal, renewed } = options;
  let failures = 0;
  // Whatever the clocks of both sides say: never in a loop.
  let notBefore = 0;
  while (!signal.aborted) {
    const { renewAt, expires } = lifeOf(identity().certificate);
    const due = Math.max(renewAt, notBefore) - Date.now();
    if (due > 0) {
      await pause(Math.min(due, maxWaitMs), signal);
      continue;
    }
    try {
      const session = await link.ready(signal);
      const { key, request } = createSigningRequest();
      const signed = await session.unary(AgentService.method.renew, { signingRequest: request });
      const next = { ...identity(), key, certificate: signed.certificateChain, authority: signed.gatewayAuthority };
      // What is on disk is all that this agent is: an answer that is no certificate for this key must not take its place.
      if (!isFor(next)) throw new Error("the gateway's answer is no certificate for the key that was sent");
      await writeIdentity(state, next);
      failures = 0;
      notBefore = Date.now() + leastMs;
      renewed(next);
      log.info({ expires: new Date(lifeOf(next.certificate).expires) }, "certificate renewed");
      // Lanes stay where they are; new ones come by a connection that shows the new certificate.
      link.renew();
    } catch (error) {
      if (signal.aborted) return;
      const waitMs = 1000 + fullJitter(failures++, { minMs: 1000, maxMs: 300_000 });
      log.warn({ error: (error as Error).message, expires: new Date(expires), waitMs }, "certificate not renewed");
      await pause(waitMs, signal);
    }
  }
}

function isFor({ certificate, authority, key }: AgentIdentity): boolean {
  try {
    return new X509Certificate(authority).ca && new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
