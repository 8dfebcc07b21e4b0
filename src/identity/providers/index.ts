export { type AdminRule, adminRuleFrom } from "./admin-rule.js";
export type { CameIn } from "./arrivals.js";
export { briefly } from "./briefly.js";
export { ownPath } from "./own-path.js";
export type { FixedProvider, Provider, Providers } from "./provider-list.js";
export { neverBegun, type OfferedProvider, type ProviderSignIns, providerPath } from "./provider-sign-ins.js";
export type { Refresher, RefreshNote } from "./refresher.js";
export { readSamlMetadata, type SamlMetadata } from "./saml-metadata.js";
export { type ProviderSettings, providerNameSchema, providerSettingsSchema } from "./settings.js";
export {
  createSignInProviders,
  type ProviderLinks,
  type SignInProviderOptions,
  type SignInProviders,
} from "./sign-in-providers.js";
export type { EndedSessions, ProviderLink, ProviderSecrets, ProviderStore } from "./store.js";
