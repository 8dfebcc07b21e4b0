export { assertions } from "./assertions/index.js";
export type {
  Assertion,
  Candidate,
  ComplianceOptions,
  Dialect,
  Reply,
  ScriptedTarget,
  Skip,
  StatementStyle,
} from "./dialect.js";
export { protocolCompliance } from "./protocol-compliance.js";
export { readTranscripts } from "./read-transcripts.js";
export { byteByByte, twoWaySplits, variants } from "./splits.js";
export {
  formatTranscript,
  parseTranscript,
  quote,
  type Transcript,
  type TranscriptEvent,
  unquote,
} from "./transcript.js";
export { allow, ComplianceError, deny, Trial } from "./trial.js";
