import { randomBytes, randomUUID } from "node:crypto";
import { formatJoinToken, hashJoinSecret, parseJoinToken, pinOf } from "../transport/grpc/index.js";
import { RateLimit } from "../transport/http2/index.js";
import { type AgentId, agentId, HoopError } from "../vocabulary/index.js";
import type { AgentAuthority } from "./authority.js";
import type { AgentLog } from "./log.js";
import type { AgentStore } from "./store.js";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** A join token is for now: whoever needs one later makes one later. */
const maxJoinLifeMs = 7 * dayMs;
const maxUses = 1000;
/** Renewals of one agent: all of its processes after an outage, and then one each five seconds. */
const renewals = { burst: 200, perSecond: 0.2 };
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export interface EnrolmentOptions {
  readonly store: AgentStore;
  readonly authority: AgentAuthority;
  readonly log: AgentLog;
  readonly now: () => number;
  readonly certificateMs: number;
}

export interface JoinTokenWish {
  readonly agent: string;
  readonly lifeMs: number;
  readonly by: string;
  /** How many processes may join as this agent with it. Default 1. */
  readonly uses?: number | undefined;
}

export interface SignedAgent {
  readonly certificateChain: string;
  readonly agentName: string;
  readonly gatewayAuthority: string;
}

/** Makes join tokens, turns them into certificates, and renews those. */
export function createEnrolment({ store, authority, log, now, certificateMs }: EnrolmentOptions) {
  /** No more than there are agents: only who was authenticated as one gets here. */
  const renewed = new Map<AgentId, { readonly limit: RateLimit; told: boolean }>();
  const refused = () => new HoopError("unauthenticated", "the join token is not known, was used, or has expired");

  return {
    /** The token is shown once. Throws HoopError `invalid`. */
    async createJoinToken({ agent, lifeMs, by, uses = 1 }: JoinTokenWish): Promise<{
      readonly token: string;
      readonly agent: string;
      readonly expires: Date;
    }> {
      if (!label.test(agent)) throw new HoopError("invalid", "an agent's name is one DNS label: a-z, 0-9 and -");
      if (!(lifeMs >= minuteMs && lifeMs <= maxJoinLifeMs)) {
        throw new HoopError("invalid", "a join token lives a minute at least and seven days at most");
      }
      if (!Number.isInteger(uses) || uses < 1 || uses > maxUses) {
        throw new HoopError("invalid", `a join token is good for 1 to ${maxUses} uses`);
      }
      const secret = randomBytes(24);
      const expiresAt = new Date(now() + lifeMs);
      await store.createJoinToken({ hash: hashJoinSecret(secret), agent, uses, expiresAt, by });
      return { token: formatJoinToken({ secret, pin: pinOf(authority.authorities()) }), agent, expires: expiresAt };
    },

    /** Throws HoopError `unauthenticated`, and `malformed` or `unsupported` for a bad request, which uses nothing up. */
    async enrol(joinToken: string, signingRequest: Uint8Array, from: string): Promise<SignedAgent> {
      const parsed = parseJoinToken(joinToken.slice(0, 200));
      if (parsed === null) throw refused();
      const hash = hashJoinSecret(parsed.secret);
      const at = new Date(now());
      // Two processes that join as one new agent at once: the slower one finds the other's id the second time.
      for (let attempt = 0; attempt < 2; attempt++) {
        const found = await store.findJoinToken(hash, at);
        if (found === null) break;
        const id = found.id ?? agentId(randomUUID());
        const issued = await authority.issueAgentCertificate(signingRequest, {
          agentId: id,
          name: found.agent,
          ttlMs: certificateMs,
        });
        // The certificate is worth nothing before this: no agent has its id.
        if (!(await store.enrol({ hash, now: at, id, certificateExpires: issued.expires }))) continue;
        log.info({ agent: found.agent, id, from, expires: issued.expires }, "an agent joined");
        return { certificateChain: issued.chain, agentName: found.agent, gatewayAuthority: authority.authorities() };
      }
      log.warn({ from }, "an unknown join token was refused");
      throw refused();
    },

    /** For an agent that was authenticated just now. Throws HoopError `limited`. */
    async renew(id: AgentId, name: string, signingRequest: Uint8Array): Promise<SignedAgent> {
      const known = renewed.get(id) ?? { limit: new RateLimit(renewals.burst, renewals.perSecond), told: false };
      renewed.set(id, known);
      // Each is a signature and a write, and each new certificate a new right to control streams.
      const limited = !known.limit.take(now());
      // Once: an agent that tries without end must not fill the log either.
      if (limited && !known.told) log.warn({ agent: name, id }, "an agent renews its certificate too often");
      known.told = limited;
      if (limited)
        throw new HoopError("limited", "this agent renews its certificate too often", {
          hint: "try again in a minute",
        });
      const issued = await authority.issueAgentCertificate(signingRequest, { agentId: id, name, ttlMs: certificateMs });
      await store.renewed(id, issued.expires);
      log.info({ agent: name, id, expires: issued.expires }, "an agent renewed its certificate");
      return { certificateChain: issued.chain, agentName: name, gatewayAuthority: authority.authorities() };
    },
  };
}
