import type { Connection, ConnectionId, TargetAdmin } from "../../vocabulary/index.js";
import type { CredentialProvider } from "../lease.js";
import type { EphemeralUserStore } from "./user-store.js";

/** Sessions of the stored login at targets, kept warm. */
export interface Admins {
  /** Whether users can be made at such a target at all. */
  can(connection: Connection): boolean;
  /** One action at a time on each session. Throws HoopError. */
  use<T>(connection: Connection, action: (admin: TargetAdmin) => Promise<T>): Promise<T>;
}

export interface EphemeralPorts {
  /** The stored login. */
  readonly stored: CredentialProvider;
  readonly admins: Admins;
  /** Logs in once. Throws HoopError. */
  readonly logIn: (
    connection: Connection,
    credential: { readonly user: string; readonly secret: string; readonly role: string },
  ) => Promise<void>;
  readonly store: EphemeralUserStore;
  readonly connections: {
    byName(name: string): Connection | undefined;
    byId(id: ConnectionId): Connection | undefined;
  };
  readonly replica: string;
  readonly random: (bytes: number) => Buffer;
  readonly now: () => number;
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
}
