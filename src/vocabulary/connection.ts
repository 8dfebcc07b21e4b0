import type { ConnectionId } from "./ids.js";

/** How the gateway speaks TLS to the target. The words are libpq's. */
export const upstreamTlsModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type UpstreamTlsMode = (typeof upstreamTlsModes)[number];

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
  /** Ascends with each change. */
  readonly version: number;
}
