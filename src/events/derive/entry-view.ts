import type { Cause } from "../event.js";

/** What events look at of an entry, alike in a draft of it and as read back. */
export interface EntryView {
  readonly kind: string;
  readonly session: string | null;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** What makes repeated ends of one statement (a portal that is read in pieces) different; null: unknown. */
  readonly place: string | null;
  /** Everything else that is in it. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What is known of a session beside the entry at hand. */
export interface SessionFacts {
  readonly subject: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly connection: string;
  /** What led to the session, if a rule did. */
  readonly cause: readonly Cause[];
}

/** What was read of a statement; sealed attributes are not in it. */
export interface AnalysisView {
  readonly shape: string;
  readonly effects: readonly string[];
  readonly resources: readonly { readonly kind: string; readonly name: string; readonly access: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
}
