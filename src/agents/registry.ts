import {
  AgentProofs,
  AgentService,
  type CallContext,
  grpcStatus,
  laneNonceHeader,
  service,
} from "../transport/grpc/index.js";
import type { Pipe } from "../transport/pipe.js";
import { type AgentId, HoopError } from "../vocabulary/index.js";
import type { AgentAuthority } from "./authority.js";
import { ConnectedAgent, type ControlStream } from "./connected-agent.js";
import { DialOrders } from "./dial-orders.js";
import type { AgentDialer } from "./dialer.js";
import { createEnrolment, type JoinTokenWish } from "./enrolment.js";
import type { AgentLog } from "./log.js";
import type { AgentStore } from "./store.js";

export interface AgentRegistryOptions {
  readonly store: AgentStore;
  readonly authority: AgentAuthority;
  readonly log: AgentLog;
  /** Of this gateway, for agents' logs. */
  readonly version: string;
  readonly now?: (() => number) | undefined;
  /** Between heartbeats; an agent that is silent for three of them is gone. Default 10 s. */
  readonly heartbeatMs?: number | undefined;
  /** From a dial order to its lane. Default 15 s. */
  readonly dialMs?: number | undefined;
  /** Life of an agent's certificate. Default 24 h. */
  readonly certificateMs?: number | undefined;
}

/** An agent as admins see it. */
export interface AgentView {
  readonly name: string;
  readonly state: "connected" | "draining" | "away" | "revoked";
  readonly version: string | null;
  readonly connectedAt: Date | null;
  readonly lanes: number;
  readonly allows: readonly string[];
  readonly certificateExpires: Date | null;
}

export interface AgentRegistry extends AgentDialer {
  /** For `createGrpcServer({ services: [registry.service, …] })`, with TLS that asks for client certificates. */
  readonly service: ReturnType<typeof service>;
  /** All agents, with what this replica knows of those that are connected to it. */
  agents(): Promise<readonly AgentView[]>;
  createJoinToken(
    wish: JoinTokenWish,
  ): Promise<{ readonly token: string; readonly agent: string; readonly expires: Date }>;
  /** Its certificates are worth nothing from now on, its control streams and lanes end. False: there is no such agent. */
  revoke(name: string): Promise<boolean>;
  /** Tells every agent to look for another gateway; open lanes go on. */
  drain(reason: string): void;
  /** Ends every control stream. */
  close(): void;
}

const helloMs = 10_000;
/** Control streams at a time of one certificate: one, and a second while connections change hands, with room to spare. */
const maxControls = 8;

/**
 * The gateway's side of the agents: who may come, who is there, and dialling through them. Enrol is open to whoever holds
 * a join token; everything else needs an agent's certificate: one that TLS verified or, on a listener without TLS, one whose
 * key signed the call. And an agent that is not revoked.
 */
export function createAgentRegistry(options: AgentRegistryOptions): AgentRegistry {
  const { store, authority, log, version } = options;
  const { now = Date.now, heartbeatMs = 10_000, dialMs = 15_000, certificateMs = 24 * 3_600_000 } = options;
  const enrolment = createEnrolment({ store, authority, log, now, certificateMs });
  const orders = new DialOrders<ConnectedAgent>();
  const proofs = new AgentProofs();
  /** What certificates say, by their bytes, which live as long as the connection or the proof: read once, not for each lane. */
  const identities = new WeakMap<Buffer, ReturnType<AgentAuthority["agentFromCertificate"]>>();
  /** By name, newest first. */
  const connected = new Map<string, ConnectedAgent[]>();
  const listeners = new Set<() => void>();
  /** Open control streams by certificate, greeted or not. */
  const controls = new Map<string, number>();
  /** Agents with lanes, their control stream open or not: revoking must find them. */
  const holders = new Set<ConnectedAgent>();

  const all = () => [...connected.values()].flat();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };

  /** Throws HoopError `unauthenticated`. */
  function certified(call: CallContext) {
    const { certificate: verified, encrypted } = call.peer;
    // Where TLS could have verified a certificate, nothing else is taken for one.
    const certificate =
      verified ?? (encrypted ? null : proofs.verify(call.path, call.headers, authority.authorities(), now()));
    if (certificate === null) {
      throw new HoopError(
        "unauthenticated",
        "this call needs an agent's certificate, signed by this gateway's authority",
      );
    }
    const identity = identities.get(certificate) ?? authority.agentFromCertificate(certificate);
    identities.set(certificate, identity);
    // A connection outlives its handshake, and perhaps its certificate.
    if (identity.expires.getTime() <= now())
      throw new HoopError("unauthenticated", "the agent's certificate has ended");
    return identity;
  }

  async function authenticated(call: CallContext) {
    const identity = certified(call);
    const agent = await store.byId(identity.id);
    if (agent === null || agent.revoked) {
      log.warn({ id: identity.id, from: call.peer.address }, "an agent that is unknown or revoked was refused");
      throw new HoopError("unauthenticated", "this agent is not known or was revoked", { hint: "join again" });
    }
    return { ...identity, name: agent.name };
  }

  function control(stream: ControlStream, call: CallContext): void {
    authenticated(call).then(
      (identity) => attend(stream, identity, call),
      (error: unknown) => {
        const known = error instanceof HoopError && error.code === "unauthenticated";
        if (!known) log.warn({ error, from: call.peer.address }, "an agent could not be looked up");
        call.refuse(
          known ? grpcStatus.unauthenticated : grpcStatus.unavailable,
          known ? error.message : "agents cannot be looked up now",
        );
      },
    );
  }

  function attend(
    stream: ControlStream,
    identity: { id: AgentId; name: string; fingerprint: string; expires: Date },
    call: CallContext,
  ): void {
    const who = { id: identity.id, name: identity.name, fingerprint: identity.fingerprint, address: call.peer.address };
    const others = controls.get(who.fingerprint) ?? 0;
    if (others >= maxControls) {
      log.warn({ agent: who.name, from: who.address }, "an agent has too many control streams");
      call.refuse(grpcStatus.resourceExhausted, "this agent has as many control streams as it may");
      return;
    }
    controls.set(who.fingerprint, others + 1);
    let agent: ConnectedAgent | null = null;
    const silent = () => {
      log.warn({ agent: who.name, from: who.address }, "an agent fell silent");
      call.refuse(grpcStatus.unavailable, "no heartbeat came");
    };
    let overdue = setTimeout(silent, helloMs);
    const expiry = setTimeout(
      () => call.refuse(grpcStatus.unauthenticated, "the agent's certificate has ended"),
      Math.min(Math.max(identity.expires.getTime() - now(), 0), 0x7fffffff),
    );
    stream.start({
      message: ({ message }) => {
        clearTimeout(overdue);
        overdue = setTimeout(silent, heartbeatMs * 3);
        if (agent === null) {
          if (message.case !== "hello") return call.refuse(grpcStatus.invalidArgument, "the first message is hello");
          agent = new ConnectedAgent(who, message.value, stream, orders, new Date(now()));
          arrived(agent);
          stream.send({ message: { case: "welcome", value: { version, capabilities: [], heartbeatMs } } });
          return;
        }
        switch (message.case) {
          case "heartbeat":
            return agent.beat(message.value.sequence);
          case "dialFailed":
            return agent.dialFailed(message.value.nonce, message.value.failure, message.value.text);
          case "draining":
            agent.draining = true;
            log.info({ agent: who.name, from: who.address }, "an agent drains");
            return changed();
          case "hello":
            return call.refuse(grpcStatus.invalidArgument, "hello came twice");
          default:
          // A message of a later version.
        }
      },
      ended: () => stream.end(),
      closed: (error) => {
        clearTimeout(overdue);
        clearTimeout(expiry);
        const open = (controls.get(who.fingerprint) ?? 1) - 1;
        if (open > 0) controls.set(who.fingerprint, open);
        else controls.delete(who.fingerprint);
        if (agent !== null) left(agent, error?.message ?? "it left");
      },
    });
  }

  function arrived(agent: ConnectedAgent): void {
    const { name, address } = agent.who;
    connected.set(name, [agent, ...(connected.get(name) ?? [])]);
    log.info({ agent: name, from: address, version: agent.version }, "an agent connected");
    changed();
    // It may have been revoked while it was being looked up.
    void expelRevoked();
  }

  function left(agent: ConnectedAgent, why: string): void {
    const { name, address } = agent.who;
    const others = (connected.get(name) ?? []).filter((other) => other !== agent);
    if (others.length > 0) connected.set(name, others);
    else connected.delete(name);
    agent.gone();
    log.info({ agent: name, from: address, why }, "an agent's control stream ended");
    changed();
  }

  function lane(pipe: Pipe, call: CallContext): void {
    const identity = certified(call);
    const nonce = call.headers[laneNonceHeader];
    const agent = typeof nonce === "string" ? orders.answer(nonce, identity.fingerprint, pipe) : "unknown";
    if (typeof agent === "string") {
      log.warn({ id: identity.id, from: call.peer.address, nonce: agent }, "a lane that nobody ordered was refused");
      call.refuse(grpcStatus.unauthenticated, "no dial order of this agent has this nonce");
      return;
    }
    agent.lanes.add(pipe);
    holders.add(agent);
    call.signal.addEventListener(
      "abort",
      () => {
        agent.lanes.delete(pipe);
        if (agent.lanes.size === 0) holders.delete(agent);
      },
      { once: true },
    );
  }

  /** One reading at a time, however many agents come and go; a call during one is answered by the next. */
  let expelling: Promise<void> | null = null;
  let expelAgain: Promise<void> | null = null;
  function expelRevoked(): Promise<void> {
    if (expelling === null) {
      expelling = expel().finally(() => {
        expelling = null;
      });
      return expelling;
    }
    expelAgain ??= expelling.then(() => {
      expelAgain = null;
      return expelRevoked();
    });
    return expelAgain;
  }

  async function expel(): Promise<void> {
    const present = new Set([...all(), ...holders]);
    if (present.size === 0) return;
    try {
      const good = new Set((await store.list()).filter((agent) => !agent.revoked).map((agent) => agent.id));
      for (const agent of present) {
        if (good.has(agent.who.id)) continue;
        log.warn({ agent: agent.who.name, from: agent.who.address }, "a revoked agent was cut off");
        agent.expel(`agent ${agent.who.name} was revoked`);
      }
    } catch (error) {
      log.warn({ error }, "agents could not be read; who was revoked is not known until they can");
    }
  }
  const unwatch = store.watch(() => void expelRevoked());

  return {
    service: service(AgentService, {
      enrol: (request, call) => enrolment.enrol(request.joinToken, request.signingRequest, call.peer.address),
      renew: async (request, call) => {
        const { id, name } = await authenticated(call);
        return enrolment.renew(id, name, request.signingRequest);
      },
      control,
      lane,
    }),

    async dial(name, host, port, signal) {
      let error = new HoopError("unavailable", `agent ${name} is not connected`, {
        hint: "start it in its network; `hoop agents ls` shows which are connected",
      });
      for (const agent of connected.get(name) ?? []) {
        if (agent.draining) {
          error = new HoopError("unavailable", `agent ${name} is shutting down and takes no new connections`);
          continue;
        }
        try {
          return await agent.dial(host, port, dialMs, signal);
        } catch (thrown) {
          // Another process of the same agent can still do it; its no, or the target's, is everybody's.
          if (!agent.isGone || signal.aborted || !(thrown instanceof HoopError)) throw thrown;
          error = thrown;
        }
      }
      throw error;
    },
    list: () =>
      all().map((agent) => ({
        name: agent.who.name,
        version: agent.version,
        connectedAt: agent.connectedAt,
        lanes: agent.lanes.size,
        draining: agent.draining,
      })),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async agents() {
      return (await store.list()).map((stored) => {
        const here = stored.revoked ? [] : (connected.get(stored.name) ?? []);
        const newest = here[0];
        const state = newest === undefined ? "away" : here.every((agent) => agent.draining) ? "draining" : "connected";
        return {
          name: stored.name,
          state: stored.revoked ? "revoked" : state,
          version: newest?.version ?? null,
          connectedAt: newest?.connectedAt ?? null,
          lanes: here.reduce((sum, agent) => sum + agent.lanes.size, 0),
          allows: newest?.allows ?? [],
          certificateExpires: stored.certificateExpires,
        } satisfies AgentView;
      });
    },
    createJoinToken: enrolment.createJoinToken,
    async revoke(name) {
      const was = await store.revoke(name);
      if (was) await expelRevoked();
      return was;
    },
    drain(reason) {
      for (const agent of all()) agent.tellDraining(reason);
    },
    close() {
      unwatch();
      for (const agent of all()) agent.end(grpcStatus.unavailable, "the gateway is going down");
    },
  };
}
