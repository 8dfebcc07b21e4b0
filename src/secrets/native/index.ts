export {
  createNativeCredentials,
  isGoodFrom,
  type NativeCredentials,
  type NativeIssue,
  type NativeLimits,
} from "./native-credentials.js";
export type { NativeCredential, NativeCredentialStore, ScramVerifier } from "./native-store.js";
export { mockVerifier, verifierOf } from "./scram-keys.js";
