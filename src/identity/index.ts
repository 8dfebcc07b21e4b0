export type { Authenticated, Authenticator } from "./authenticator.js";
export { createBuckets } from "./buckets.js";
export type { DeviceAnswer, DeviceLogins } from "./device-logins.js";
export * from "./directory/index.js";
export type { Obligation } from "./factors/enrolment.js";
export type { Enrolled, Factors, FactorsView, Owner, TotpOffer } from "./factors/factors.js";
export type { PasskeyAnswer, Site } from "./factors/passkeys.js";
export type { FactorAnswer, Proof } from "./factors/proofs.js";
export type { SignedIn, SignInMethod, SignInStep, SignIns } from "./factors/sign-ins.js";
export { challengeId, type StepUpAim, type StepUps } from "./factors/step-ups.js";
export type { EnrolmentPolicy, FactorSecrets, FactorStore, StoredChallenge, StoredFactor } from "./factors/store.js";
export type { ChallengeRequest, Challenges, Freshness, OpenedChallenge } from "./freshness.js";
export type { Groups } from "./groups.js";
export {
  createIdentity,
  defaultLifetimes,
  type FactorOptions,
  type Identity,
  type IdentityOptions,
} from "./identity.js";
export {
  type Asker,
  type Assurance,
  type BrowserLogin,
  type Logins,
  passwordOnly,
  type TokenPair,
  withFactor,
} from "./logins.js";
export * from "./providers/index.js";
export * from "./roles/index.js";
export type { Setup } from "./setup.js";
export type { IdentityStore } from "./store.js";
export { addressBlock } from "./throttle.js";
export type { TokenAuthenticator } from "./token-authenticator.js";
export type { User, Users } from "./users.js";
