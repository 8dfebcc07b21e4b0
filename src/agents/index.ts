export type { AgentAuthority } from "./authority.js";
export type { AgentDialer } from "./dialer.js";
export type { JoinTokenWish } from "./enrolment.js";
export { grpcErrorFrom } from "./grpc-error.js";
export { type AgentRegistry, type AgentRegistryOptions, type AgentView, createAgentRegistry } from "./registry.js";
export type { AgentStore, JoinTokenDraft, StoredAgent } from "./store.js";
