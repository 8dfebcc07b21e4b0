import type { ConnectionId } from "./ids.js";

/** How the gateway speaks TLS to the target. The words are libpq's. */
export const upstreamTlsModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type UpstreamTlsMode = (typeof upstreamTlsModes)[number];

/** Where a connection's credential comes from, and for whom. What is left out is decided by what the target allows. */
export interface ConnectionCredential {
  /**
   * `auto`: a user of its own for each session where the stored login can make some, else the stored login for all;
   * `ephemeral`: a user of its own or no session; `static`: the stored login for all.
   */
  readonly users?: "auto" | "ephemeral" | "static" | undefined;
  /** Roles at the target that each session's user is a member of; it acts as the first. Default: the stored login's own. */
  readonly roles?: readonly string[] | undefined;
  /** Who is given what a session's user owned; default: the first of `roles`. */
  readonly owner?: string | undefined;
  /** Where users are made when this target only follows another server: a connection's name. */
  readonly primary?: string | undefined;
  /** Connections that may name this one as their primary. */
  readonly followers?: readonly string[] | undefined;
  /** Where the stored secret is kept: `vault:…`, `aws:…`, `env:…`, `file:…`; default: sealed in Hoop's own store. */
  readonly from?: string | undefined;
  /** Hoop gives the stored login a new password after this many days. */
  readonly rotateDays?: number | undefined;
}

/** A named target: what `<name>.hoop` leads to. */
export interface Connection {
  readonly id: ConnectionId;
  /** One DNS label: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`. */
  readonly name: string;
  /** The name of a protocol in `gateway/protocols.ts`. */
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  /** The agent that dials, by name; null: the gateway dials itself. */
  readonly agent: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly tls: {
    readonly mode: UpstreamTlsMode;
    readonly ca?: string | undefined;
    readonly serverName?: string | undefined;
  };
  /** What only this protocol knows (default user and database, whether replication is allowed), valid by its `targetSchema`. */
  readonly target: Readonly<Record<string, unknown>>;
  /** Says that the target's secret may be seen by the agent (cleartext or md5 login without verified TLS). */
  readonly exposesCredentialToAgent: boolean;
  /** Absent: the stored secret, and users as the target allows. */
  readonly credential?: ConnectionCredential | undefined;
  /** Ascends with each change. */
  readonly version: number;
}
