export { createEphemeralCredentials, type EphemeralCredentials } from "./ephemeral-credentials.js";
export type { Plan } from "./plan.js";
export type { Admins, EphemeralPorts } from "./ports.js";
export { userName } from "./user-name.js";
export type { EphemeralUser, EphemeralUserStore } from "./user-store.js";
