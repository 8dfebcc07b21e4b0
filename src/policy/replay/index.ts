export type { RecordedBatch, RecordedHistory, RecordedSession, RecordedStatement, Today } from "./history.js";
export { type ReplayChange, type ReplayOptions, type ReplayReport, replay } from "./replay.js";
export { type ShadowedRule, type ShadowHits, shadowReport } from "./shadow-report.js";
