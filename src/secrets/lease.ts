import type { Connection, Subject } from "../vocabulary/index.js";

/** A credential for one session, whatever gave it. */
export interface Lease {
  readonly user: string;
  /** Null: the target asks for none. */
  readonly secret: string | null;
  readonly expires: Date | null;
  release(): Promise<void>;
}

export interface CredentialProvider {
  /** Throws HoopError `unavailable` or `not-found`; never waits longer than `signal` allows. */
  lease(connection: Connection, subject: Subject, signal: AbortSignal): Promise<Lease>;
}
