import type { ZodType } from "zod";
import type { Pipe } from "../transport/pipe.js";
import type { Catalogue, Connection, TargetAdmin } from "../vocabulary/index.js";
import type { SessionHost } from "./host.js";
import type { LookedInto, OwnEstimate, OwnRehearsal, OwnRehearsed } from "./own-run.js";
import type { EndReason, TargetCredential } from "./session.js";

/** What a protocol can do; a rule kind that needs more than this makes the connection refuse. */
export const capabilities = [
  "judge-statements",
  "mask-columns",
  "mask-fields",
  "mask-values",
  "notice",
  "cancel",
  "hold",
  "client-tls",
  "upstream-tls",
  "catalogue",
  /** Counts the rows that a statement returns. */
  "rows",
  /** Asks the target's planner what a statement would do. */
  "estimate",
  /** Tries a held statement and rolls it back. */
  "rehearse",
  /** Makes a user of its own for a session, with roles that rules grant. */
  "session-users",
] as const;
export type Capability = (typeof capabilities)[number];

/** One attribute of a statement that policy may match on. */
export interface AttributeDescription {
  readonly type: "string" | "number" | "boolean" | "strings";
  readonly text: string;
  readonly values?: readonly string[] | undefined;
}

/** What Hoop itself does at a target, over a pipe of its own and under an `inspect` or `operate` permit. */
export interface Operator {
  /** Reads the catalogue slice; null: unchanged since `version`. */
  catalogue(version: string | null): Promise<Catalogue | null>;
  /** One round trip that proves the login works; answers the server's version. */
  ping(): Promise<string>;
  /** Asks the planner; nothing runs. Null: it cannot say. Under an `inspect` permit. Throws HoopError. */
  estimate?(statement: LookedInto): Promise<OwnEstimate | null>;
  /** Tries a write in a transaction of its own and takes it back. Under a `rehearse` permit. Throws HoopError. */
  rehearse?(rehearsal: OwnRehearsal): Promise<OwnRehearsed>;
  close(): void;
}

/** A protocol: one folder, one line in `gateway/protocols.ts`. */
export interface Protocol {
  readonly name: string;
  readonly title: string;
  readonly defaultPort: number;
  /** Ports at which clients look for it as well: 443 beside 80. */
  readonly morePorts?: readonly number[] | undefined;
  /** What a connection speaks inside of this protocol, for clients that set themselves up for it; empty: nothing in particular. */
  profile?(connection: Pick<Connection, "target">): string;
  /** What a connection of this protocol may say under `target`. */
  readonly targetSchema: ZodType<Readonly<Record<string, unknown>>>;
  readonly attributes: Readonly<Record<string, AttributeDescription>>;
  readonly can: ReadonlySet<Capability>;
  /** A connection may be without a user's name: none logs in, or the client says who. */
  readonly userless?: true | undefined;
  /** Which analyser reads its statements: a key of the gateway's analysers. Empty: its asks bring their own analysis. */
  readonly language: string;
  /** What to type, for `status`, `connections ls` and the console. */
  example(connection: Pick<Connection, "name" | "target">, address: { host: string; port: number }): string;
  serve(host: SessionHost): Promise<EndReason>;
  operate?(
    open: () => Promise<Pipe>,
    connection: Connection,
    credential: TargetCredential,
    database: string | null,
  ): Promise<Operator>;
  /** Absent: users cannot be made at targets of this protocol. `open` is called for each database that needs a session. */
  administer?(open: () => Promise<Pipe>, connection: Connection, credential: TargetCredential): Promise<TargetAdmin>;
}
