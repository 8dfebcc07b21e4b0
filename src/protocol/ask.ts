import type { Analysis, MaskPlan, Permit, Reason } from "../vocabulary/index.js";
import type { Meter } from "./meter.js";

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
  /**
   * What else values and texts may depend on, by name: settings as the target reports them (`DateStyle`), startup options. The
   * same object for as long as nothing in it changes. An approval is bound to it; an analysis does not look at it.
   */
  readonly ambient?: Readonly<Record<string, string>> | undefined;
  /** Replies to what was sent before are still on their way, so `transaction` may be old; see `again` of a denial. */
  readonly unsettled?: boolean | undefined;
  /** The session is one for replication, which has commands of its own beside the protocol's language. */
  readonly replication?: boolean | undefined;
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
  /** The asker's own trace, as a protocol carries it beside the text (W3C's `traceparent`); anything may be in it. */
  readonly trace?: string | undefined;
  /** Length in bytes of the request on the wire. */
  readonly bytes: number;
  /**
   * What the protocol itself knows of its statement: a request's method and path, a file operation. The same object for the same
   * shape, so that what was decided can be kept. Absent: the protocol's language is analysed from the text.
   */
  readonly analysis?: Analysis | undefined;
  /** How the values are to be read, in the protocol's own bytes (types, formats): equal bytes, equal meaning. */
  readonly reading?: (() => Uint8Array) | undefined;
  /** The values for people: text where they can be read, else hex with `\\x` before it. Made only when somebody is to see them. */
  readonly shownValues?: (() => readonly (string | null)[]) | undefined;
  /** Cursors that are open now, by name, each with the analysis that it was declared under: what a FETCH from it returns. */
  readonly cursors?: ReadonlyMap<string, Analysis> | undefined;
  /** The ask under which the very same bytes were allowed already and have not run yet; asked again as rules have changed. */
  readonly before?: number | undefined;
}

/** Why an ask is not answered yet. Told any number of times before its answer: the client is to know at once, and again. */
export interface Waiting {
  /** `hold`: for other people; `challenge`: for a second factor of the asker. */
  readonly for: "hold" | "challenge";
  /** What for, in words: `held by rule "big-deletes": waiting for 1 approval of dba`. */
  readonly text: string;
  /** Where it is decided or answered. */
  readonly link: string;
  /** The review's or the challenge's short name. */
  readonly id: string;
  /** When it ends where nobody decides or answers, in milliseconds since the epoch; absent: that is not known here. */
  readonly until?: number | undefined;
}

/**
 * What a write did when it was tried. The session runs it in a transaction of its own and takes it back when it does anything
 * else; a session that cannot do that refuses it.
 */
export interface ExpectedEffect {
  readonly verb: "INSERT" | "UPDATE" | "DELETE" | "MERGE";
  readonly rows: number;
  /** The digest that `ran` gives beside the number of rows; null: rows alone are compared. */
  readonly keys: string | null;
  /** The text that is to run; null: the client's own. */
  readonly ran: string | null;
  /** The review that showed it. */
  readonly review: string;
}

/** The gate's word on an ask. */
export type Answer =
  | {
      readonly outcome: "allow";
      readonly permit: Permit;
      readonly analysis: Analysis;
      /** Null: nothing needs masking, bytes may pass untouched. */
      readonly masks: MaskPlan | null;
      /** It was approved for this effect and no other. */
      readonly expects?: ExpectedEffect | undefined;
      /** Counts the reply against budgets and says where it ends; absent: none counts it. */
      readonly meter?: Meter | undefined;
    }
  | {
      readonly outcome: "deny";
      readonly reasons: readonly Reason[];
      readonly analysis: Analysis | null;
      /** What the person can do about it. */
      readonly hint?: string | undefined;
      /**
       * Nothing was decided nor recorded, as the ask was `unsettled` and it matters: to be asked again when it is not. A
       * protocol that never says `unsettled` never gets this.
       */
      readonly again?: boolean | undefined;
    };
