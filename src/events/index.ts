export { type Acting, actingAs, actingNow } from "./acting.js";
export { agentDown, agentUp } from "./catalogue/agents.js";
export { connectionChanged, ruleChanged, userChanged } from "./catalogue/changes.js";
export { short } from "./catalogue/define.js";
export { catalogue, type EventType, eventTypes, typeOf } from "./catalogue/index.js";
export { loginFailed, loginNewDevice } from "./catalogue/logins.js";
export { exporterLost, gatewayDegraded, runbookFinished } from "./catalogue/operations.js";
export { breakGlass, reviewApproved, reviewDenied, reviewExpired, reviewRequested } from "./catalogue/reviews.js";
export {
  type Applied,
  createEvents,
  type Events,
  type EventsOptions,
  type ReactionView,
} from "./create-events.js";
export type { AnalysisView, EntryView, SessionFacts } from "./derive/entry-view.js";
export { type Around, eventsOf, mayBeEvent } from "./derive/of-entry.js";
export { sessionFacts } from "./derive/session-facts.js";
export { eventId } from "./event-id.js";
export type { LiveRestraints } from "./live-restraints.js";
export type {
  Cause,
  EventDraft,
  EventLog,
  EventSubject,
  HoopEvent,
  RunAs,
  RunbookRunner,
  RunRequest,
} from "./ports.js";
export { webhookKey, webhookSignature } from "./receivers/webhook.js";
export { interests, type Reflexes } from "./reflexes.js";
export type { ReactionDocument } from "./rules/schema.js";
export type { Window } from "./rules/window.js";
export type * from "./store.js";
