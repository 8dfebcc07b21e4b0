import type { Subject, SubjectId } from "../vocabulary/index.js";

export interface Authenticated {
  readonly subject: Subject;
  readonly expires: Date;
  /** The signing in that the token descends from; the same for its renewals. */
  readonly login: string;
}

/** Turns a bearer token into a subject. */
export interface Authenticator {
  /** Throws HoopError `unauthenticated` (unknown, expired, revoked, disabled: the text says which is safe to say). Cached ≤ 500 ms of staleness. */
  authenticate(token: string): Promise<Authenticated>;
  /**
   * Called within 500 ms after a subject's groups, state or tokens change, with its new state; null: gone or disabled.
   * `endedLogins`: what was opened with a token of one of these must end (logout, a stolen token).
   */
  watch(listener: (id: SubjectId, subject: Subject | null, endedLogins: readonly string[]) => void): () => void;
}
