export type { Authenticated, Authenticator } from "./authenticator.js";
export type { DeviceAnswer, DeviceLogins } from "./device-logins.js";
export { adminGroup, auditorGroup, type Groups } from "./groups.js";
export { createIdentity, defaultLifetimes, type Identity, type IdentityOptions } from "./identity.js";
export type { Asker, BrowserLogin, Logins, TokenPair } from "./logins.js";
export type { Setup } from "./setup.js";
export type { IdentityStore } from "./store.js";
export type { TokenAuthenticator } from "./token-authenticator.js";
export type { User, Users } from "./users.js";
