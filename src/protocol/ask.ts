import type { Analysis, MaskPlan, Permit, Reason } from "../vocabulary/index.js";

/** The state of the target session that a statement's meaning depends on. */
export interface AskContext {
  readonly database: string;
  /** The role whose rights apply now, as the target knows it. */
  readonly role: string;
  /** As reported or set; null: the login's default. */
  readonly searchPath: string | null;
  /** Parser settings and others that change meaning, by lower-case name: `standard_conforming_strings`, `client_encoding`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly transaction: "idle" | "open" | "failed";
  /** Names of prepared statements with their texts that `EXECUTE` could run; null: not followed. */
  readonly prepared: ReadonlyMap<string, string> | null;
}

/** What a protocol wants to be judged: the raw request of the client. */
export interface Ask {
  /** `connect`: the session itself; `statement`: run now; `prepare`: parse and plan; `execute`: bind and run what was prepared. */
  readonly phase: "connect" | "statement" | "prepare" | "execute";
  /** As the client sent it, decoded. */
  readonly text: string;
  readonly context: AskContext;
  /** Bind values as sent; null is NULL. Recorded sealed. */
  readonly values: readonly (Uint8Array | null)[] | null;
  /** Length in bytes of the request on the wire. */
  readonly bytes: number;
  /**
   * What the protocol itself knows of its statement: a request's method and path, a file operation. The same object for the same
   * shape, so that what was decided can be kept. Absent: the protocol's language is analysed from the text.
   */
  readonly analysis?: Analysis | undefined;
}

/** The gate's word on an ask. */
export type Answer =
  | {
      readonly outcome: "allow";
      readonly permit: Permit;
      readonly analysis: Analysis;
      /** Null: nothing needs masking, bytes may pass untouched. */
      readonly masks: MaskPlan | null;
    }
  | {
      readonly outcome: "deny";
      readonly reasons: readonly Reason[];
      readonly analysis: Analysis | null;
    };
