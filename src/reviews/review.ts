import type {
  Analysis,
  ConnectionId,
  Effect,
  HoldTerms,
  Reason,
  RuleId,
  SessionId,
  StatementId,
  Subject,
  SubjectId,
} from "../vocabulary/index.js";

/**
 * `statement` and `session`: a client waits, or did. `access`: somebody asked for time-boxed access beforehand. `reveal`: for
 * the value behind one token. `run`: a run of a runbook waits.
 */
export const reviewKinds = ["statement", "session", "access", "reveal", "run"] as const;
export type ReviewKind = (typeof reviewKinds)[number];

export const reviewStates = ["pending", "approved", "denied", "expired", "withdrawn", "used"] as const;
/** The state as it is kept; `ReviewState` of `desk.ts` is what a waiting client hears of it. */
export type ReviewStateName = (typeof reviewStates)[number];

/** Somebody, as kept with what they did. */
export interface Party {
  readonly id: SubjectId;
  readonly name: string;
}

/** What one person said; a later word of the same person takes the place of the earlier. */
export interface ReviewDecision {
  readonly by: Party;
  readonly verdict: "approve" | "deny" | "break-glass";
  readonly reason: string | null;
  readonly at: number;
}

export interface ReviewComment {
  readonly n: number;
  readonly by: Party;
  readonly text: string;
  readonly at: number;
}

/** Why a review ended, for machines; words are made of it. */
export type Ending =
  | "denied"
  | "used"
  /** Nobody decided in time. */
  | "undecided"
  /** It was approved and not used in time. */
  | "unused"
  /** Those who approved do not count any more. */
  | "lapsed"
  | "withdrawn"
  | "cancelled"
  | "disconnected"
  /** The rules ask for something else now. */
  | "superseded";

/** What a person asks for who wants time-boxed access. */
export interface AccessWish {
  readonly effects: readonly Effect[];
  readonly durationMs: number;
  readonly ticket: string | null;
  readonly reason: string;
}

/** What a person asks for who wants the value behind one token. The value is nowhere in it. */
export interface RevealWish {
  readonly purpose: string;
  /** How the token was made, in a word: `card`. */
  readonly form: string;
  /** Where the token was seen, as the requester says; null: not said. */
  readonly column: string | null;
  readonly token: string;
  readonly reason: string;
  /** What the approval is for, exactly: made by masking, compared when it is used. */
  readonly matter: string;
}

/** One step of a run as it would be when it was asked for. */
export interface RunWishStep {
  readonly name: string;
  readonly phase: "step" | "compensation";
  readonly connection: string;
  /** Under which condition; null: always. */
  readonly when: string | null;
  /** The beginning of what would be sent; secret values are a mark in it. */
  readonly sends: string;
  /** What the rules said of it then; they are asked again when it is sent. */
  readonly outcome: "allow" | "deny" | "hold" | "challenge" | "unknown";
  readonly reasons: readonly string[];
}

/** What a run of a runbook is about to do. No secret value is in it. */
export interface RunWish {
  readonly run: string;
  readonly runbook: string;
  readonly version: number;
  /** Whose rights it has. */
  readonly runsAs: string;
  /** `null`: not given. Secret ones are a mark. */
  readonly parameters: readonly { readonly name: string; readonly value: string | null }[];
  readonly steps: readonly RunWishStep[];
}

/** What everybody is shown at once: of bounded size, sealed at rest. */
export interface ReviewHead {
  /** The first part of the text; `textLength` says how long it is. */
  readonly text: string;
  readonly textLength: number;
  readonly values: readonly (string | null)[] | null;
  readonly valuesCount: number;
  /** The open transaction's latest statements, oldest first. */
  readonly transaction: readonly string[];
  readonly transactionCount: number;
  readonly database: string | null;
  readonly role: string | null;
  readonly analysis: Analysis | null;
  readonly reasons: readonly Reason[];
  readonly wish: AccessWish | null;
  readonly reveal?: RevealWish | undefined;
  readonly run?: RunWish | undefined;
}

/** The whole of it, read when somebody asks. */
export interface ReviewBody {
  readonly text: string;
  readonly values: readonly (string | null)[] | null;
  readonly transaction: readonly string[];
}

/**
 * One review as it stands. A value: a step makes another. Times in milliseconds since the epoch, by the store's clock. What it
 * is bound to is the store's alone: a plain digest would let whoever reads it test guesses of what was held.
 */
export interface Review {
  readonly id: string;
  readonly kind: ReviewKind;
  readonly requester: Party & { readonly kind: Subject["kind"] };
  readonly onBehalfOf: Party | null;
  readonly connections: readonly { readonly id: ConnectionId; readonly name: string }[];
  readonly session: SessionId | null;
  readonly statement: StatementId | null;
  readonly terms: readonly HoldTerms[];
  readonly state: ReviewStateName;
  readonly openedAt: number;
  /** Undecided, it ends then. */
  readonly expiresAt: number;
  readonly approvedAt: number | null;
  /** Approved and unused, it ends then; of access: when the grant does. */
  readonly useBy: number | null;
  readonly endedAt: number | null;
  readonly ending: { readonly why: Ending; readonly by: string | null } | null;
  /** Rules whose escalation has been told. */
  readonly escalated: readonly RuleId[];
  readonly decisions: readonly ReviewDecision[];
  readonly head: ReviewHead;
  readonly version: number;
}
