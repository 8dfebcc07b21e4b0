import type { GatewayState } from "./gateway-port.js";

/** One connection of the list, and how to reach it here. */
export interface ConnectionStatus {
  readonly name: string;
  readonly protocol: string;
  /** What to give a client: the name, or the address where names are not known. */
  readonly host: string;
  readonly address: string;
  /** The port to give a client. */
  readonly port: number;
  /** The port that the connection's protocol is known for. */
  readonly ownPort: number;
  /** `own`: the connection's own port. `redirected`: by a rule of the kernel. `other`: the own port is taken. */
  readonly via: "own" | "redirected" | "other" | "none";
  /** What it speaks inside of its protocol, e.g. `kubernetes`; empty: nothing in particular. */
  readonly profile: string;
  /** Its other ports, and at which of this machine they are reached. */
  readonly more: readonly { readonly port: number; readonly at: number }[];
  /** What to type. */
  readonly command: string;
  /** Connections carried now. */
  readonly open: number;
  readonly problem: string | null;
}

/** What `hoop tunnel status --json` shows. */
export interface TunnelStatus {
  readonly pid: number;
  readonly started: string;
  readonly gateway: {
    readonly url: string;
    readonly state: GatewayState["kind"];
    readonly since: string;
    readonly why: string | null;
    readonly hint: string | null;
  };
  readonly subject: string | null;
  /** PEM of the authority that signs what clients are shown; null where there is none. */
  readonly authority: string | null;
  readonly names: { readonly mode: string; readonly problem: string | null };
  readonly dns: { readonly address: string; readonly port: number } | null;
  readonly owners: { readonly checked: boolean; readonly uids: readonly number[] };
  readonly connections: readonly ConnectionStatus[];
}
