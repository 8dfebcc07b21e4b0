import type { Reason, SubjectKind } from "./types.js";

/** Reviews and grants, as the API answers them. Times are ISO 8601. */

export const reviewStates = ["pending", "approved", "denied", "expired", "withdrawn", "used"] as const;
export type ReviewState = (typeof reviewStates)[number];

interface Party {
  readonly id: string;
  readonly name: string;
}

export interface ReviewSummary {
  readonly id: string;
  readonly kind: "statement" | "session" | "access" | "reveal" | "run";
  readonly state: ReviewState;
  readonly requester: Party & { readonly kind: SubjectKind };
  readonly onBehalfOf: Party | null;
  readonly connections: readonly string[];
  readonly preview: string;
  readonly reasons: readonly Reason[];
  readonly openedAt: string;
  readonly expiresAt: string;
  readonly endedAt: string | null;
  readonly ending: string | null;
  readonly missing: string;
  readonly breakGlass: boolean;
  readonly escalated: boolean;
  readonly can: {
    readonly approve: boolean;
    readonly deny: boolean;
    readonly breakGlass: boolean;
    readonly withdraw: boolean;
  };
  readonly link: string;
  readonly version: number;
}

export type SampleRow = Readonly<Record<string, string | null>>;

export type Rehearsal =
  | {
      readonly kind: "tried";
      readonly rows: number;
      readonly keys: string | null;
      readonly ran: string | null;
      readonly before: readonly SampleRow[];
      readonly after: readonly SampleRow[];
      readonly triggers: readonly string[];
      readonly cascades: readonly string[];
    }
  | { readonly kind: "estimated"; readonly why: string; readonly rows: number; readonly plan: string }
  | { readonly kind: "none"; readonly why: string };

export interface ReviewDecision {
  readonly by: Party;
  readonly verdict: "approve" | "deny" | "break-glass";
  readonly reason: string | null;
  readonly at: string;
  readonly counts: boolean;
}

export interface ReviewComment {
  readonly n: number;
  readonly by: Party;
  readonly text: string;
  readonly at: string;
}

/** A run of a runbook that waits. Texts and parameters are for those who decide. */
export interface RunWish {
  readonly run: string;
  readonly runbook: string;
  readonly version: number;
  readonly runsAs: string;
  readonly parameters: readonly { readonly name: string; readonly value: string | null }[] | null;
  readonly steps: readonly {
    readonly name: string;
    readonly phase: "step" | "compensation";
    readonly connection: string;
    readonly when: string | null;
    readonly sends: string | null;
    readonly outcome: "allow" | "deny" | "hold" | "challenge" | "unknown";
    readonly reasons: readonly string[];
  }[];
}

export interface Review extends ReviewSummary {
  readonly session: string | null;
  readonly text: string | null;
  readonly textLength: number;
  readonly values: readonly (string | null)[] | null;
  readonly valuesCount: number;
  readonly transaction: readonly string[];
  readonly transactionCount: number;
  readonly database: string | null;
  readonly role: string | null;
  readonly analysis: {
    readonly shape: string;
    readonly effects: readonly string[];
    readonly resources: readonly { readonly kind: string; readonly name: string; readonly access: string }[];
    readonly unknowns: readonly string[];
  } | null;
  readonly wish: {
    readonly effects: readonly string[];
    readonly durationMs: number;
    readonly ticket: string | null;
    readonly reason: string;
  } | null;
  readonly reveal: {
    readonly purpose: string;
    readonly form: string;
    readonly column: string | null;
    readonly token: string | null;
    readonly reason: string;
  } | null;
  readonly run: RunWish | null;
  readonly rules: readonly {
    readonly rule: string;
    readonly approvals: readonly { readonly count: number; readonly groups: readonly string[] }[];
    readonly reasonRequired: boolean;
    readonly breakGlass: readonly string[];
    readonly escalate: { readonly at: string; readonly groups: readonly string[] } | null;
  }[];
  readonly decisions: readonly ReviewDecision[];
  readonly comments: readonly ReviewComment[];
  readonly rehearsal: Rehearsal | null;
  readonly approvedAt: string | null;
  readonly useBy: string | null;
  readonly grant: Grant | null;
  readonly revocable: boolean;
}

export interface ReviewContent {
  readonly text: string;
  readonly values: readonly (string | null)[] | null;
  readonly transaction: readonly string[];
}

export interface AccessOption {
  readonly connection: string;
  readonly protocol: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly effects: readonly string[];
  readonly maxMs: number;
  readonly usable: boolean;
}

export interface Grant {
  readonly id: string;
  readonly subject: Party;
  readonly connections: readonly string[];
  readonly effects: readonly string[];
  readonly ticket: string | null;
  readonly since: string;
  readonly until: string;
  readonly ended: {
    readonly at: string;
    readonly by: string | null;
    readonly why: "over" | "revoked" | "returned";
  } | null;
}
