import { readFile } from "node:fs/promises";
import { agentProver, createGatewayLink, type GrpcSession } from "../transport/grpc/index.js";
import { leaveHeapRoomForBytes } from "../transport/index.js";
import { HoopError } from "../vocabulary/index.js";
import { createAllowList } from "./allow-list.js";
import type { AgentConfig } from "./config.js";
import { type Control, keepControl } from "./control.js";
import { serveHealth } from "./health.js";
import { join } from "./join.js";
import { Lanes } from "./lanes.js";
import type { AgentLog } from "./log.js";
import { keepRenewed } from "./renew.js";
import { type AgentIdentity, lifeOf, readIdentity } from "./state.js";

export interface RunAgentOptions {
  /** Abort it on SIGTERM and SIGINT: the agent drains, then `runAgent` resolves. */
  readonly signal: AbortSignal;
  readonly log: AgentLog;
  readonly version: string;
  /** Called each time the gateway has the agent on its list, ready for dial orders. */
  readonly connected?: (() => void) | undefined;
}

/**
 * Runs an agent until the signal aborts: joins if it never did, connects and stays connected, dials what it is told to and
 * its allow-list permits, and carries bytes. It knows no protocol, no policy and no secret.
 *
 * Throws HoopError before it runs, never after: `precondition-failed` (never joined, state folder), `unauthenticated` (join
 * token or certificate ended), `denied` (not that gateway), `invalid`, `unavailable` (while joining).
 */
export async function runAgent(
  config: AgentConfig,
  { signal, log, version, connected }: RunAgentOptions,
): Promise<void> {
  leaveHeapRoomForBytes();
  const userAgent = `hoop-agent/${version}`;
  const allow = createAllowList(config.allow);
  const ca = config.ca === undefined ? undefined : await readAuthority(config.ca);
  const plain = new URL(config.gateway).protocol === "http:";
  let identity = await identityOf(config, { userAgent, ca, signal, log });
  if (allow.rules.length === 0)
    log.warn({}, "nothing is allowed: this agent will dial nothing until --allow names something");

  const lanes = new Lanes({ allow, maxLanes: config.maxLanes, dialMs: config.dialMs, log });
  const controls = new Map<GrpcSession, Control>();
  let draining = false;
  const health =
    config.metricsListen === undefined
      ? null
      : await serveHealth(
          config.metricsListen,
          { connected: () => controls.size, lanes: () => lanes.size, draining: () => draining },
          version,
        );
  const link = createGatewayLink({
    url: config.gateway,
    userAgent,
    tls: () => ({
      ca: ca === undefined ? identity.authority : `${identity.authority}\n${ca}`,
      cert: identity.certificate,
      key: identity.key,
      serverName: config.serverName,
    }),
    allowPlaintext: config.allowPlaintext,
    // TLS of the gateway's own asks for the certificate itself; behind something that ends TLS, the gateway sees only this.
    prove: () => (plain || ca !== undefined ? agentProver(identity) : undefined),
  });
  link.watch((event) => {
    if (event.kind === "up") {
      log.info({ gateway: config.gateway }, "connected to the gateway");
      controls.set(
        event.session,
        keepControl(event.session, { version, allows: allow.rules, lanes, log, welcomed: connected }),
      );
    } else if (event.kind === "down") {
      log.warn({ why: event.reason?.text ?? "it takes no new calls", lanes: lanes.size }, "leaving that connection");
      // Its lanes go on while they can; new orders come by the next connection, and those under way are still answered here.
      const control = controls.get(event.session);
      controls.delete(event.session);
      control?.drain("another connection has taken its place");
      setTimeout(() => control?.stop(), config.dialMs).unref();
    } else log.warn({ error: event.error.message, retryMs: event.retryMs }, "the gateway cannot be reached");
  });
  const renewing = keepRenewed(() => identity, link, {
    state: config.state,
    log,
    signal,
    renewed: (next) => {
      identity = next;
    },
  });

  await aborted(signal);
  draining = true;
  log.info({ lanes: lanes.size, drainMs: config.drainMs }, "draining");
  for (const control of controls.values()) control.drain("the agent is shutting down");
  await lanes.drain(config.drainMs);
  for (const control of controls.values()) control.stop();
  link.close();
  await renewing;
  health?.close();
  log.info({}, "stopped");
}

async function identityOf(config: AgentConfig, options: Parameters<typeof join>[2]): Promise<AgentIdentity> {
  const known = await readIdentity(config.state);
  const ended = known !== null && lifeOf(known.certificate).expires <= Date.now();
  // A token that stays in the environment of a joined agent is used up, and no error.
  if (known !== null && !ended) return known;
  if (config.join !== undefined) return join(config, config.join, options);
  if (ended) {
    throw new HoopError("unauthenticated", "this agent was away for so long that its certificate has ended", {
      hint: "join again: hoop agents join-token <name>, then --join",
    });
  }
  throw new HoopError("precondition-failed", "this agent has not joined a gateway yet", {
    hint: "hoop agents join-token <name>, then --join",
  });
}

async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new HoopError("invalid", `--ca: ${path} cannot be read`, { cause });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
