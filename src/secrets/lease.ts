import type { Connection, Subject } from "../vocabulary/index.js";

/** A credential for one session, whatever gave it. */
export interface Lease {
  readonly user: string;
  /** Null: the target asks for none. */
  readonly secret: string | null;
  readonly expires: Date | null;
  /** The session acts as this role at the target; absent: as the user. */
  readonly role?: string | undefined;
  /** Called before each login with it: makes sure that it is still good. Throws HoopError. */
  renew?(): Promise<void>;
  release(): Promise<void>;
}

export interface CredentialProvider {
  /**
   * `roles`: what rules grant the session at the target; null or absent: they say nothing of it. A provider that cannot grant just
   * these, as far as the connection allows them, gives nothing.
   * Throws HoopError `unavailable`, `not-found` or `precondition-failed`; never waits longer than `signal` allows.
   */
  lease(
    connection: Connection,
    subject: Subject,
    signal: AbortSignal,
    roles?: readonly string[] | null,
  ): Promise<Lease>;
}
