import { type AgentRegistry, createAgentRegistry, grpcErrorFrom } from "../../src/agents/index.js";
import { createMemoryAgentStore } from "../../src/agents/memory-store.js";
import type { AgentStore } from "../../src/agents/store.js";
import type { Pki } from "../../src/pki/index.js";
import { agentFromCertificate, createMemoryPkiStore, createPki, type KeyVault } from "../../src/pki/index.js";
import { createGrpcServer, type GrpcServer } from "../../src/transport/grpc/index.js";

/** What outlives a gateway's restart. */
export interface TestWorld {
  readonly store: AgentStore;
  readonly pki: Pki;
}

export interface TestGateway extends TestWorld {
  readonly registry: AgentRegistry;
  readonly server: GrpcServer;
  readonly port: number;
  readonly url: string;
  readonly log: string[];
  close(): Promise<void>;
}

export async function createTestWorld(): Promise<TestWorld> {
  const secrets = new Map<string, Buffer>();
  const vault: KeyVault = {
    put: async (ref, secret) => void secrets.set(JSON.stringify(ref), Buffer.from(secret)),
    get: async (ref) => {
      const secret = secrets.get(JSON.stringify(ref));
      return secret === undefined ? null : { revealBytes: () => secret };
    },
    delete: async (ref) => secrets.delete(JSON.stringify(ref)),
  };
  const pki = await createPki({
    store: createMemoryPkiStore(),
    vault,
    gateway: { names: ["localhost"], addresses: ["127.0.0.1", "::1"] },
  });
  return { store: createMemoryAgentStore(), pki };
}

/** The gateway's side of agents as the assembly wires it, on a real port, with TLS unless told otherwise. */
export async function startTestGateway(
  world: TestWorld,
  options: {
    port?: number;
    now?: () => number;
    dialMs?: number;
    heartbeatMs?: number;
    certificateMs?: number;
    tls?: boolean;
  } = {},
): Promise<TestGateway> {
  const { store, pki } = world;
  const { port: wanted = 0, tls = true, ...timing } = options;
  const log: string[] = [];
  const keep = (_fields: object, text: string) => void log.push(text);
  const registry = createAgentRegistry({
    store,
    authority: {
      authorities: () => pki.authorities("agents"),
      issueAgentCertificate: pki.issueAgentCertificate,
      agentFromCertificate,
    },
    log: { info: keep, warn: keep },
    version: "test",
    ...timing,
  });
  const { key, chain } = await pki.gatewayCertificate();
  const server = createGrpcServer({
    services: [registry.service],
    tls: tls ? { key, cert: chain, ca: pki.authorities("agents"), requestClientCert: true } : undefined,
    mapError: grpcErrorFrom,
    onEvent: (event) => void (event.kind === "failed" && log.push(`failed: ${String(event.error)}`)),
  });
  const { port } = await server.listen({ host: "127.0.0.1", port: wanted });
  return {
    ...world,
    registry,
    server,
    port,
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    log,
    close: async () => {
      registry.close();
      await server.close();
    },
  };
}

/** Waits for what a test expects; the test's own deadline is the limit. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 10));
}
