import type { SessionId, SubjectId } from "../vocabulary/index.js";

/**
 * How long ago people last answered a second factor: in memory, the same on every replica within a tenth of a second, and
 * never younger than it really is, also after a restart.
 */
export interface Freshness {
  /**
   * Milliseconds since the subject last answered for this connection, by its name; null: never, or longer ago than a day. `connection` null asks
   * for the account itself: signing in with a second factor, or an answer that named no connection. One never counts for another.
   */
  age(subject: SubjectId, connection: string | null): number | null;
  /** Called after each answer of the subject, and after its answers were taken back; `age` says what is true now. Returns the way to stop. */
  watch(subject: SubjectId, listener: () => void): () => void;
}

/** What the relay asks for when a rule challenges. */
export interface ChallengeRequest {
  readonly subject: SubjectId;
  /** The connection's name, as `Freshness.age` takes it. */
  readonly connection: string;
  readonly session: SessionId | null;
  /** The statement as it may be shown: literals replaced; null: it cannot be shown, or the access itself is challenged. */
  readonly shown: string | null;
  /** Milliseconds until it can no longer be answered. */
  readonly expiresMs: number;
}

/** A question that waits for its subject, and for nobody else. */
export interface OpenedChallenge {
  /** Short and unguessable: `hoop mfa BCDFG-HJKLM`. */
  readonly id: string;
  /** The console's page, for the notice. */
  readonly link: string;
  readonly expires: Date;
  /** Nobody waits any more: it can no longer be answered. Never throws. */
  close(): void;
}

/** Challenges as the relay opens them; whether one was answered is told by `Freshness.watch`. */
export interface Challenges {
  /** Throws HoopError `unavailable` (the store is away), `limited` (too many wait for this subject), `precondition-failed` (the subject has no second factor). */
  open(request: ChallengeRequest): Promise<OpenedChallenge>;
}
