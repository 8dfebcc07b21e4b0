export { type ConnectionSecrets, type Connections, type ConnectionsOptions, createConnections } from "./connections.js";
export type { ConnectionSource } from "./source.js";
export type { ConnectionStore } from "./store.js";
export type { TargetKeys } from "./target-keys.js";
export type { ConnectionDraft, ConnectionProtocol, ConnectionProtocols } from "./validate.js";
