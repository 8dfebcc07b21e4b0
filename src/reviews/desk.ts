import type {
  Analysis,
  Connection,
  HoldTerms,
  HoopError,
  Reason,
  SessionId,
  StatementId,
  Subject,
} from "../vocabulary/index.js";
import type { RunWish } from "./review.js";

/**
 * What an approval is for, and nothing else: SHA-256, hex, over the exact bytes, bind values, database, role, search_path,
 * session settings, every catalogue object reached and the earlier statements of an open transaction. Made by `relay`.
 */
export type BindingDigest = string;

/** What the gate hands in when a rule holds. */
export interface HoldRequest {
  readonly subject: Subject;
  /** Whoever a machine acts for; null: for itself. */
  readonly onBehalfOf: Subject | null;
  readonly connection: Connection;
  /** Null: of none, as a run of a runbook. */
  readonly session: SessionId | null;
  /** Null: the access itself is held, or a run. */
  readonly statement: StatementId | null;
  readonly digest: BindingDigest;
  /** As sent: reviewers see it whole, it is sealed at rest. */
  readonly text: string;
  /** Bind values, as text where they can be read, else as hex with `\x` before it; null is NULL. */
  readonly values: readonly (string | null)[] | null;
  readonly database: string | null;
  readonly role: string | null;
  readonly analysis: Analysis | null;
  readonly terms: readonly HoldTerms[];
  readonly reasons: readonly Reason[];
  /** Texts of the open transaction's earlier statements, oldest first; what is approved runs after them. */
  readonly transaction: readonly string[];
  /** A run of a runbook is held, and no statement of anybody's. */
  readonly run?: RunWish | undefined;
}

/** How a review stands. `approved` may be used until `useBy`, once. */
export type ReviewState =
  | { readonly state: "pending"; readonly missing: string }
  | { readonly state: "approved"; readonly by: readonly string[]; readonly breakGlass: boolean; readonly useBy: number }
  | { readonly state: "denied"; readonly by: string; readonly reason: string }
  | { readonly state: "expired" }
  | { readonly state: "withdrawn" }
  | { readonly state: "used" };

/** A held request's place at the desk. */
export interface Held {
  /** Short and speakable, unique: what people type in `hoop review approve`. */
  readonly id: string;
  /** Where an approver decides. */
  readonly link: string;
  /** When it ends where nobody decides, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Nobody waits any more. Closes the review unless somebody has decided it already; `why` is shown. */
  leave(why: "cancelled" | "disconnected" | "restarted"): void;
}

/** Where what is held waits for people. One for all replicas: what one decides, another hears. */
export interface ReviewDesk {
  /**
   * Opens a review, or takes up the subject's own with the same digest that is pending or approved and unused. `changed` is
   * called with each state until one that is not `pending`; it never comes before `hold` has resolved.
   * Throws HoopError `unavailable` (the store is away), `limited` (too many are pending for this subject).
   */
  hold(request: HoldRequest, changed: (state: ReviewState) => void): Promise<Held>;
  /**
   * Marks an approval as used, in the store, before anything is forwarded. Exactly one caller ever gets true; false: used,
   * ended, revoked or made for other bytes.
   */
  consume(id: string, digest: BindingDigest): Promise<boolean>;
}

/** What a held statement would do, tried out and rolled back; shown with the review. Written by `relay`, read by the desk. */
export type Rehearsal =
  | {
      readonly kind: "tried";
      readonly rows: number;
      /** Of the keys of the rows touched; null: keys could not be had, rows are compared alone. */
      readonly keys: string | null;
      /** The text that ran, where the gateway appended RETURNING; null: the statement's own. */
      readonly ran: string | null;
      /** Masked for whoever looks: kept with the columns' names, sealed at rest. */
      readonly before: readonly Readonly<Record<string, string | null>>[];
      readonly after: readonly Readonly<Record<string, string | null>>[];
      readonly triggers: readonly string[];
      readonly cascades: readonly string[];
    }
  /** It could not be tried safely; the planner's word instead. */
  | { readonly kind: "estimated"; readonly why: string; readonly rows: number; readonly plan: string }
  | { readonly kind: "none"; readonly why: string };

/** Brings a rehearsal to a review that is pending, where later ones replace it, or that was approved before there was one. */
export interface RehearsalNotes {
  rehearsed(id: string, rehearsal: Rehearsal): Promise<undefined | HoopError>;
}
