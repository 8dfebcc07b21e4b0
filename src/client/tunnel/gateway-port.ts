import type { Pipe } from "../../transport/index.js";

/** A connection that the one who is logged in may use. */
export interface Offer {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  /** What to type, with `{host}` and `{port}` to fill in. */
  readonly example: string;
  /** Other ports of the same address that lead to it as well. */
  readonly morePorts: readonly number[];
  /** What it speaks inside of its protocol, e.g. `kubernetes`; empty: nothing in particular. */
  readonly profile: string;
}

/** The whole list, as the gateway last told it. */
export interface OfferList {
  readonly offers: readonly Offer[];
  readonly subject: string;
  /** PEM of the authority that signs what lanes show to clients; empty where the gateway has none. */
  readonly authority: string;
  /** The host key that lanes of SSH show, as in known_hosts; empty where the gateway speaks no SSH. */
  readonly sshHostKey: string;
}

/** How it stands with the gateway. `refused` needs a person: a login that ended, a name that is not the gateway's. */
export interface GatewayState {
  readonly kind: "connecting" | "connected" | "refused";
  readonly since: Date;
  readonly why?: string | undefined;
  readonly hint?: string | undefined;
}

/** What the gateway tells. */
export interface GatewayListener {
  offers(list: OfferList): void;
  state(state: GatewayState): void;
}

/** The tunnel's way to the gateway: it connects, goes on connecting when the way is lost, and opens lanes. */
export interface GatewayPort {
  readonly url: string;
  readonly state: GatewayState;
  start(listener: GatewayListener): void;
  /** A lane to `connection`. A refusal by the gateway comes as its abort; throws where there is no gateway or no login. */
  open(connection: string): Promise<Pipe>;
  /** Somebody waits: try now instead of after the pause. Resolves when connected, or after `waitMs`. */
  reach(waitMs: number): Promise<GatewayState>;
  close(): Promise<void>;
}
