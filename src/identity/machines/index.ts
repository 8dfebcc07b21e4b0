export { boundsText, boundTermsSchema, termsFrom } from "./bounds.js";
export type { Delegations } from "./delegations.js";
export type { Exchanged } from "./exchange.js";
export type { CompileCondition, TrustDraft, Trusts } from "./federation/trusts.js";
export type { KeyDraft, ServiceKeys } from "./keys.js";
export { createMachines, type Machines } from "./machines.js";
export type { BoundTerms, MachineStore, StoredDelegation, StoredKey, StoredTrust } from "./store.js";
