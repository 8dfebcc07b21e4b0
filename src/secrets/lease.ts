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
  /** Throws HoopError `unavailable` or `not-found`; never waits longer than `signal` allows. */
  lease(connection: Connection, subject: Subject, signal: AbortSignal): Promise<Lease>;
}
