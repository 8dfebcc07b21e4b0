export { apiReference } from "./api-reference.js";
export type { App } from "./app.js";
export { createApi, listenApi } from "./create-api.js";
export type {
  AgentsPort,
  AgentView,
  ApiDeps,
  ApiOptions,
  AuditPort,
  GatewayStatus,
  Page,
  RecordedSession,
  RecordingsPort,
  RevealsPort,
  SessionsWithin,
} from "./deps.js";
