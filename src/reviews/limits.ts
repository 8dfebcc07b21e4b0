/** What one review, and one person, may take up. */
export const reviewLimits = {
  /** Open reviews of one subject. */
  pendingPerSubject: 20,
  /** Open reviews of all: more is an attack or a rule that holds everything. */
  pending: 5_000,
  /** Characters of the text shown at once; the whole is a route of its own. */
  shownText: 16_384,
  shownValues: 100,
  shownValue: 1_024,
  shownTransaction: 50,
  shownTransactionText: 2_048,
  /** Characters of an analysis, as JSON, that are kept whole. */
  analysis: 32_768,
  /** Bytes of text, values and transaction together. */
  body: 64 * 1024 * 1024,
  /** Bytes of a rehearsal. */
  rehearsal: 1024 * 1024,
  comments: 100,
  comment: 4_000,
  reason: 2_000,
  ticket: 200,
  /** Connections of one access request. */
  connections: 50,
  /** Longest access that can be asked for, and shortest. Milliseconds. */
  longestGrantMs: 30 * 24 * 3_600_000,
  shortestGrantMs: 60_000,
  /** Slots of one rule's requirements; policy allows far fewer. */
  slots: 100,
  /** Ended reviews are kept so long; what was done stays in the recording. */
  keepMs: 90 * 24 * 3_600_000,
} as const;
