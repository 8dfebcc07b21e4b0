export {
  AgentProofs,
  agentCertificateHeader,
  agentProofHeader,
  agentProver,
  issuedByOneOf,
  laneNonceHeader,
} from "./agent-proof.js";
export {
  connectionHeader,
  type OpenLaneOptions,
  openLane,
  type WatchOptions,
  watchConnections,
} from "./client-service.js";
export { AgentService } from "./gen/hoop/v1/agent_pb.js";
export { ClientService, type ConnectionOffer, type WatchResponse } from "./gen/hoop/v1/client_pb.js";
export {
  fetchAuthority,
  formatJoinToken,
  hashJoinSecret,
  type JoinToken,
  parseJoinToken,
  pinOf,
} from "./join-token.js";
export type { KeepaliveOptions } from "./keepalive.js";
export {
  type BackoffOptions,
  createGatewayLink,
  fullJitter,
  type GatewayLink,
  type GatewayLinkOptions,
  type LinkEvent,
} from "./link.js";
export type { MessageSink, MessageStream } from "./message-stream.js";
export { isLoopback, requireTls } from "./plaintext.js";
export {
  createGrpcServer,
  type GrpcServer,
  type GrpcServerEvent,
  type GrpcServerOptions,
  type GrpcServerTls,
} from "./server.js";
export { type CallContext, type Handlers, type LaneHandler, type Peer, service } from "./services.js";
export {
  type CallOptions,
  connectGrpc,
  type GrpcClientTls,
  GrpcSession,
  type GrpcSessionOptions,
  type SessionEnd,
} from "./session.js";
export { GrpcError, grpcStatus } from "./status.js";
