export { type AgentCertificate, type AgentIdentity, agentFromCertificate } from "./agent-certificate.js";
export { createMemoryPkiStore } from "./memory-store.js";
export { type CertificateWithKey, createPki, type Pki, type PkiOptions } from "./pki.js";
export {
  issueSshCertificate,
  type SshAuthority,
  type SshUserCertificate,
  sshAuthorityLine,
  sshHostKeyLine,
} from "./ssh-certificate.js";
export type { Authority, AuthorityKind, KeyVault, PkiStore } from "./store.js";
