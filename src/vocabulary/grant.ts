import type { Effect } from "./effect.js";
import type { ConnectionId, SubjectId } from "./ids.js";

/**
 * Access that was asked for, approved and ends by itself: policy reads it like one more access rule for this subject.
 * Guards and masks count as ever.
 */
export interface Grant {
  /** The id of the review that approved it; reasons and recordings name it. */
  readonly id: string;
  readonly subject: SubjectId;
  /** By id: another connection that takes over a name is not meant. */
  readonly connections: readonly ConnectionId[];
  readonly effects: readonly Effect[];
  /** Milliseconds since the epoch: counts from `since` on, and at `until` no more. */
  readonly since: number;
  readonly until: number;
}

/** The grants in force, in memory; watched, not fetched. */
export interface GrantSource {
  /** Those of the subject; `until` is the reader's to look at as well, for a decision that rests on one rests on the clock. */
  of(subject: SubjectId): readonly Grant[];
  /** Called within 500 ms after a subject's grants changed: made, ended, revoked. Returns the way to stop. */
  watch(listener: (subject: SubjectId) => void): () => void;
}
