import type { Subject, SubjectId } from "../vocabulary/index.js";

export interface Authenticated {
  readonly subject: Subject;
  readonly expires: Date;
  /** The signing in that the token descends from; the same for its renewals. */
  readonly login: string;
  /** A service account's own key, and not what was got with it. Absent: it is none. */
  readonly key?: true | undefined;
}

/** Turns a bearer token into a subject. */
export interface Authenticator {
  /**
   * Throws HoopError `unauthenticated` (unknown, expired, revoked, disabled: the text says which is safe to say), `limited`. Cached
   * ≤ 500 ms of staleness. `from`: the caller's address; a token that is bound to addresses is worth nothing without.
   */
  authenticate(token: string, from?: string): Promise<Authenticated>;
  /**
   * Called within 500 ms after a subject's groups, state or tokens change, with its new state; null: gone or disabled.
   * `endedLogins`: what was opened with a token of one of these must end (logout, a stolen token); `why` says for each what to tell
   * its owner, as far as it is known.
   */
  watch(
    listener: (
      id: SubjectId,
      subject: Subject | null,
      endedLogins: readonly string[],
      why: ReadonlyMap<string, string>,
    ) => void,
  ): () => void;
}
