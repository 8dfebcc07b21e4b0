import type { EphemeralUser } from "../secrets/ephemeral/index.js";
import type { NativeCredential, NativeCredentials, NativeIssue } from "../secrets/native/index.js";
import type { Connection } from "../vocabulary/index.js";

/** Where native clients come in, as they are told. */
export interface NativePlace {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** PEM; null: what the system trusts. */
  readonly authority: string | null;
  readonly tls: boolean;
}

/** Credentials, for those who use and those who look after them. */
export interface CredentialsPort extends Omit<NativeCredentials, "issue" | "revokeAllOf"> {
  /** Throws HoopError `unsupported` where no native client of that protocol is served. */
  issue(
    wanted: Omit<NativeIssue, "connection"> & {
      readonly connection: Connection;
      readonly authorityFile: string | null;
    },
  ): Promise<{
    readonly credential: NativeCredential;
    readonly password: string;
    readonly place: NativePlace;
    /** By client: `psql`, `uri`, `jdbc`, … */
    readonly strings: Readonly<Record<string, string>>;
  }>;
  /** Users that were made at targets for sessions and are there still. */
  users(): Promise<readonly EphemeralUser[]>;
  /** Gives the stored login a new password. Throws HoopError; the old one works then. */
  rotate(connection: Connection): Promise<{ readonly user: string }>;
}
