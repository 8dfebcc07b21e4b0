import type { Connections } from "../connections/index.js";
import type { Events } from "../events/index.js";
import type { Identity } from "../identity/index.js";
import type { Machines } from "../identity/machines/index.js";
import type { LivePolicySource } from "../policy/source.js";
import type { PolicyStore } from "../policy/store.js";
import type { EntryBody } from "../recording/index.js";
import type { Recorder } from "../recording/recorder.js";
import type { Rehearsal, Review, Reviews } from "../reviews/index.js";
import type { SessionDirectory } from "../sessions/index.js";
import type { Analysis, Connection, SessionId, Subject, SubjectId, TokenForm } from "../vocabulary/index.js";
import type { CredentialsPort } from "./credentials-port.js";
import type { ExportersPort } from "./exporters-port.js";
import type { PolicyTools } from "./policy-port.js";
import type { RunbooksPort } from "./runbooks-port.js";
import type { ScreensPort } from "./screens-port.js";

/** One page of a list; `next` is given back to have the one after. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface AgentView {
  readonly name: string;
  readonly state: "connected" | "draining" | "away" | "revoked";
  readonly version: string | null;
  readonly connectedAt: Date | null;
  readonly lanes: number;
  /** Its allow-list in words. */
  readonly allows: readonly string[];
  readonly certificateExpires: Date | null;
}

/** Agents, for admins. */
export interface AgentsPort {
  list(): Promise<readonly AgentView[]>;
  /** The token is shown once. Throws HoopError `invalid`, `conflict`. */
  createJoinToken(wanted: {
    readonly agent: string;
    readonly lifeMs: number;
    readonly by: string;
  }): Promise<{ readonly token: string; readonly agent: string; readonly expires: Date }>;
  /** Its certificate is worth nothing from now on, and its lanes end. False: there is no such agent. */
  revoke(agent: string): Promise<boolean>;
}

export interface RecordedSession {
  readonly id: string;
  readonly subject: { readonly id: string; readonly name: string };
  readonly connection: string;
  readonly protocol: string;
  readonly from: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly statements: number;
  readonly end: { readonly code: string; readonly text: string } | null;
}

/** Sessions of one subject, and all that began on these connections since they are there. */
export interface SessionsWithin {
  readonly own: SubjectId;
  readonly connections: readonly { readonly name: string; readonly since: Date }[];
}

export interface RecordingsPort {
  /** Newest first. `behind`: so many entries of this gateway have not reached the store, and the newest sessions may be among them. */
  sessions(filter: {
    readonly subject?: SubjectId | undefined;
    readonly within?: SessionsWithin | undefined;
    readonly connection?: string | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<Page<RecordedSession> & { readonly behind?: number | undefined }>;
  session(id: string): Promise<RecordedSession | null>;
  /** Oldest first; sealed parts as their references only. */
  entries(
    session: string,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<Page<Readonly<Record<string, unknown>>>>;
}

/** Values behind tokens, each under a review of its own. */
export interface RevealsPort {
  /**
   * Opens a review, or takes up one's own for just that. Throws HoopError `denied` (no rule says who approves), `unsupported`
   * (it cannot be turned back), `invalid`, `limited`.
   */
  request(
    subject: Subject,
    asked: {
      readonly token: string;
      readonly purpose: string;
      readonly column: string | null;
      /** Null: as the rules say. */
      readonly as: TokenForm | "integer" | null;
      readonly because: string;
    },
  ): Promise<Review>;
  /** The value, once, to who asked for it. Throws HoopError `not-found`, `denied`, `precondition-failed`, `conflict`. */
  open(subject: Subject, review: string): Promise<string>;
}

export interface AuditPort {
  /** PEM of the key that signs heads. */
  publicKey(): string;
  heads(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The whole export, in the form that the offline verifier reads. */
  export(signal: AbortSignal): AsyncIterable<string | Uint8Array>;
  verify(signal: AbortSignal): Promise<{
    readonly ok: boolean;
    readonly entries: number;
    readonly chains: number;
    readonly problems: readonly string[];
  }>;
  /** Administrative acts, warnings and gaps, newest first. Throws HoopError `invalid` for what is no mark. */
  changes(
    mark: string | null,
    limit: number,
  ): Promise<Page<{ readonly seq: number; readonly hash: string; readonly entry: EntryBody }>>;
  /** Opens a sealed part of an entry; it is in the record before it is opened. Throws HoopError `not-found`. */
  reveal(
    request: {
      readonly session: SessionId;
      readonly seq: number;
      readonly part: "text" | "values" | "error";
      readonly by: { readonly subject: string; readonly name: string };
      readonly because: string;
    },
    allow: () => void | Promise<void>,
  ): Promise<
    | { readonly part: "text" | "error"; readonly text: string }
    | { readonly part: "values"; readonly values: readonly (Buffer | null)[] }
  >;
}

/** Everything that the routes call. The composer brings it. */
export interface ApiDeps {
  readonly identity: Identity;
  readonly machines: Machines;
  readonly connections: Connections;
  /** Whether the subject may open the connection now: policy on its connect statement. */
  readonly mayConnect: (subject: Subject, connection: Connection) => boolean;
  /**
   * One round trip to the target as the gateway logs in; null: it was reached, and its protocol has no login that could be tried by itself.
   * Throws HoopError with what is wrong.
   */
  readonly testConnection: (
    connection: Connection,
    subject: Subject,
    signal: AbortSignal,
  ) => Promise<{ readonly serverVersion: string | null }>;
  /** What to type, without an address: `psql -h pg-demo.hoop`. */
  readonly example: (connection: Connection) => string;
  readonly agents: AgentsPort;
  readonly policy: {
    readonly store: PolicyStore;
    readonly source: LivePolicySource;
    /** Absent: policy with tests is refused, and nothing recorded can be looked at. */
    readonly tools?: PolicyTools | undefined;
  };
  /** Reads a statement's text for a simulation. */
  readonly analyse: (
    connection: Connection,
    text: string,
    database: string | null,
    signal: AbortSignal,
  ) => Promise<Analysis>;
  readonly sessions: SessionDirectory;
  readonly reviews: Reviews;
  /** What a review shows, by who looks. */
  readonly reviewing: {
    /** Where a review is decided. */
    readonly link: (review: string) => string;
    /** A text with its literals replaced; null where that cannot be done safely. */
    readonly show: (text: string) => string | null;
    readonly maskRehearsal: (viewer: Subject, review: Review, rehearsal: Rehearsal) => Rehearsal;
  };
  readonly reveals: RevealsPort;
  /** Absent: there are none here. */
  readonly runbooks?: RunbooksPort | undefined;
  /** Absent: there are none here. */
  readonly exporters?: ExportersPort | undefined;
  /** What Prometheus reads; absent: nothing is measured here. */
  readonly metrics?: (() => Promise<{ readonly contentType: string; readonly text: string }>) | undefined;
  /** Events and reactions. `secrets`: of receivers, handed in and never shown. */
  readonly events: {
    readonly events: Events;
    readonly secrets: {
      put(receiver: string, secret: string): Promise<void>;
      has(receiver: string): Promise<boolean>;
      delete(receiver: string): Promise<void>;
    };
  };
  readonly recordings: RecordingsPort;
  readonly screens: ScreensPort;
  readonly audit: AuditPort;
  /** Absent: there are none here. */
  readonly credentials?: CredentialsPort | undefined;
  readonly secrets: { rotate(): Promise<{ readonly resealed: number; readonly keyId: string }> };
  /** PEM of the authority that signs what lanes show to clients. */
  readonly authority: () => string;
  /** Where tunnels dial: the URL, and the authority (PEM) that vouches for it there; empty: the system's. */
  readonly tunnel: () => { readonly url: string; readonly authority: string };
  readonly recorder: Recorder;
  readonly status: () => GatewayStatus;
  /** Connections for browsers without a tunnel; absent or undefined: there are none. */
  readonly apps?:
    | (() =>
        | {
            /** Where that browser goes next; null: there is no such connection. */
            enter(
              session: { readonly token: string; readonly connection: string; readonly expires: number },
              state: string,
              path: string,
            ): string | null;
          }
        | undefined)
    | undefined;
  /** Public keys behind identity tokens, as a JSON Web Key Set. */
  readonly jwks?: (() => object) | undefined;
  /** Why this replica should get no traffic; empty: it is ready. */
  readonly notReady: () => readonly string[];
  readonly now?: (() => number) | undefined;
}

export interface GatewayStatus {
  readonly version: string;
  readonly replica: string;
  readonly startedAt: Date;
  readonly sessions: number;
  readonly agents: number;
  readonly policyVersion: string;
  readonly policyProblem: string | null;
  /** Milliseconds since the store last answered. */
  readonly storeStaleMs: number;
  readonly recording: boolean;
}

export interface ApiOptions {
  /** Null: plain HTTP, on loopback only. */
  readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer } | null;
  /** How browsers and programs reach the gateway, `https://hoop.example.com`; null: as each request says. */
  readonly publicUrl: string | null;
  /** Addresses or networks of proxies whose `X-Forwarded-*` is believed. */
  readonly trustProxy?: readonly string[] | undefined;
  /** How many requests a minute one subject may make; absent: 3000. */
  readonly callsPerMinute?: number | undefined;
  /** The built console; null, or not there: no console. */
  readonly consoleFolder?: string | null | undefined;
  readonly log?:
    | {
        info(fields: object, text: string): void;
        warn(fields: object, text: string): void;
        error(fields: object, text: string): void;
      }
    | undefined;
}
