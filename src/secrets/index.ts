export { createCredentialProvider, credentialRef } from "./credential-provider.js";
export type { DataKey, KeyRing } from "./key-ring.js";
export type { CredentialProvider, Lease } from "./lease.js";
export { loadMasterKey, MasterKey, type MasterKeySource, type MasterKeys } from "./master-key.js";
export { createMemorySecretStore } from "./memory-store.js";
export { type LastingPurpose, lastingPurposes, type RingPurpose, ringPurposes } from "./purposes.js";
export { SecretText } from "./secret-text.js";
export type { SealedDataKey, SealedSecret, SecretRef, SecretStore } from "./store.js";
export { createSecretVault, type SecretVault, type SigningKey } from "./vault.js";
