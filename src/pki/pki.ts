import { type AgentId, HoopError } from "../vocabulary/index.js";
import { type AgentCertificate, issueAgentCertificate } from "./agent-certificate.js";
import { Authorities } from "./authorities.js";
import { type AlternativeName, generateKeys, issueCertificate, pem, privateKeyPem } from "./issue.js";
import type { AuthorityKind, KeyVault, PkiStore } from "./store.js";

/** PEM; the chain has the leaf first, then the authority. */
export interface CertificateWithKey {
  readonly key: string;
  readonly chain: string;
}

export interface PkiOptions {
  readonly store: PkiStore;
  /** The secret vault. */
  readonly vault: KeyVault;
  /** What agents, clients and browsers call this gateway by. */
  readonly gateway: { readonly names: readonly string[]; readonly addresses: readonly string[] };
  /** The last label of connection names, without a dot. */
  readonly suffix?: string | undefined;
  readonly now?: (() => number) | undefined;
}

export interface Pki {
  /** Every valid authority of a kind, one PEM bundle. `names` is what `hoop ca` prints; `agents` is what agents and tunnels trust. */
  authorities(kind: AuthorityKind): string;
  /** For one connection, by its bare name: `pg-demo` gets `pg-demo.hoop`. Made once a day. */
  serverCertificateFor(connection: string): Promise<CertificateWithKey>;
  /** For the gateway's own listeners. Made at start and anew when a third of its life is left: ask again daily. */
  gatewayCertificate(): Promise<CertificateWithKey>;
  issueAgentCertificate(
    requestDer: Uint8Array,
    agent: { readonly agentId: AgentId; readonly name: string; readonly ttlMs: number },
  ): Promise<AgentCertificate>;
  /** Adds a successor that signs from `issuesFrom` on; both are trusted meanwhile. */
  addAuthority(kind: AuthorityKind, issuesFrom: Date): Promise<void>;
  /** Reads the authorities anew, and makes a successor in time: at start, then daily. */
  refresh(): Promise<void>;
}

const dayMs = 24 * 60 * 60_000;
const gatewayLifeMs = 90 * dayMs;
const maxCached = 4096;
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The deployment's certificates: one authority for agents and the gateway's server, one, bound to `.hoop`, for what
 * clients of connections see.
 *
 * @example const pki = await createPki({ store: createPkiStore(store), vault, gateway: { names: ["localhost"], addresses: ["127.0.0.1"] } });
 */
export async function createPki(options: PkiOptions): Promise<Pki> {
  const now = options.now ?? Date.now;
  const suffix = options.suffix ?? "hoop";
  if (!label.test(suffix))
    throw new HoopError("invalid", `the suffix of connection names is one DNS label, not ${JSON.stringify(suffix)}`);
  const authorities = new Authorities({ store: options.store, vault: options.vault, suffix, now });
  await authorities.refresh();

  async function serverCertificate(
    kind: AuthorityKind,
    names: readonly AlternativeName[],
    lifeMs: number,
  ): Promise<CertificateWithKey> {
    const issuer = await authorities.issuer(kind);
    const keys = await generateKeys();
    const certificate = await issueCertificate(issuer, {
      commonName: names[0]?.value ?? "hoop",
      names,
      publicKey: keys.publicKey,
      usage: "serverAuth",
      now: now(),
      lifeMs,
    });
    return { key: await privateKeyPem(keys.privateKey), chain: pem(certificate) + issuer.certificate };
  }

  const leaves = new Map<string, { readonly until: number; readonly made: Promise<CertificateWithKey> }>();
  let gateway: { readonly until: number; readonly made: Promise<CertificateWithKey> } | null = null;

  return {
    authorities: (kind) => authorities.trusted(kind),
    serverCertificateFor(connection) {
      if (!label.test(connection))
        return Promise.reject(
          new HoopError("invalid", `${JSON.stringify(connection.slice(0, 64))} is not a connection's name`),
        );
      const known = leaves.get(connection);
      if (known !== undefined && now() < known.until) return known.made;
      // Valid for twice as long as it is cached: a session that starts at the last moment has a day.
      const made = serverCertificate("names", [{ type: "dns", value: `${connection}.${suffix}` }], 2 * dayMs);
      leaves.delete(connection);
      leaves.set(connection, { until: now() + dayMs, made });
      if (leaves.size > maxCached) leaves.delete(leaves.keys().next().value!);
      made.catch(() => leaves.delete(connection));
      return made;
    },
    gatewayCertificate() {
      if (gateway !== null && now() < gateway.until) return gateway.made;
      const names = options.gateway.names.map((value) => ({ type: "dns", value }) as const);
      const addresses = options.gateway.addresses.map((value) => ({ type: "ip", value }) as const);
      const made = serverCertificate("agents", [...names, ...addresses], gatewayLifeMs);
      gateway = { until: now() + (gatewayLifeMs * 2) / 3, made };
      made.catch(() => {
        gateway = null;
      });
      return made;
    },
    async issueAgentCertificate(requestDer, agent) {
      return issueAgentCertificate(await authorities.issuer("agents"), requestDer, { ...agent, now: now() });
    },
    addAuthority: (kind, issuesFrom) => authorities.add(kind, issuesFrom.getTime()),
    refresh: () => authorities.refresh(),
  };
}
