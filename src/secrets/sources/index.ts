export { type AwsOptions, createAwsSource } from "./aws/aws-source.js";
export { createEnvironmentSource, createFileSource } from "./local.js";
export { mayRefer, readReference } from "./reference.js";
export {
  createSecretSources,
  type SecretSources,
  type SecretSourcesOptions,
  type SourceLimits,
} from "./secret-sources.js";
export type { SecretSource, SourceKind } from "./source.js";
export type { VaultAuth, VaultOptions } from "./vault/vault-client.js";
export { createVaultSource } from "./vault/vault-source.js";
