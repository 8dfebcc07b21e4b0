export { readBodies } from "./analyses.js";
export {
  type AuditEntry,
  type AuditHead,
  type AuditService,
  type AuditServiceOptions,
  createAuditService,
  type Page,
  type Revealed,
  type RevealRequest,
  type VerifySummary,
} from "./audit.js";
export { createRecorder, type LocalRecorder, type RecorderOptions } from "./create-recorder.js";
export type { ChainTip, EntryBody, PayloadRef } from "./entry.js";
export { type ExportLine, type ExportOptions, type ExportSource, exportRecording } from "./export.js";
export { createFeeder, type Feeder, type FeederOptions } from "./feeder.js";
export { createFeeding, type FedStep, type FedTip, type Feeding, type FeedingOptions } from "./feeding.js";
export type { ChainPoint, HeadBody, SignedHead } from "./head.js";
export { createHeadPublisher, type HeadPublisher, type HeadPublisherOptions } from "./head-publisher.js";
export type { Stretch } from "./journal/stretch.js";
export { journalSource } from "./journal-source.js";
export type { HeadSigner, RecordingKeys } from "./keys.js";
export { createMemoryRecordingStore } from "./memory-store.js";
export { type NewEntry, newEntry } from "./new-entry.js";
export type { Actor, EntryDraft, Recorder } from "./recorder.js";
export type {
  NewPayload,
  PageMark,
  RecordingBatch,
  RecordingStore,
  SessionFilter,
  SessionSummary,
  StoredEntry,
  StoredPayload,
} from "./store.js";
export { createStoreRecorder, type StoreRecorder, type StoreRecorderOptions } from "./store-recorder.js";
export { type AuditFault, type ChainReport, type VerifyOptions, type VerifyReport, verifyExport } from "./verify.js";
