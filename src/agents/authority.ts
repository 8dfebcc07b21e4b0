import type { AgentId } from "../vocabulary/index.js";

/** What the registry needs of the certificate authority. */
export interface AgentAuthority {
  /** PEM, one bundle: what agents trust the gateway by, the one that signs now first. */
  authorities(): string;
  /** Signs the key of a PKCS #10 request for this agent, whatever names it asks for. Throws HoopError `malformed`, `unsupported`. */
  issueAgentCertificate(
    requestDer: Uint8Array,
    agent: { readonly agentId: AgentId; readonly name: string; readonly ttlMs: number },
  ): Promise<{ readonly chain: string; readonly expires: Date }>;
  /** Who a certificate (DER) is for whose chain was verified. Throws HoopError `unauthenticated`. */
  agentFromCertificate(der: Uint8Array): {
    readonly id: AgentId;
    readonly fingerprint: string;
    readonly expires: Date;
  };
}
