import type { Subject, SubjectId } from "../vocabulary/index.js";

/** Turns a bearer token into a subject. */
export interface Authenticator {
  /** Throws HoopError `unauthenticated` (unknown, expired, revoked, disabled: the text says which is safe to say). Cached ≤ 500 ms of staleness. */
  authenticate(token: string): Promise<{ readonly subject: Subject; readonly expires: Date }>;
  /** Called within 500 ms after a subject's groups, state or tokens change, with its new state; null: gone or disabled. */
  watch(listener: (id: SubjectId, subject: Subject | null) => void): () => void;
}
