/** What the API answers; the same as `/api/v1/openapi.json`, as far as this console reads it. Times are ISO 8601. */

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export type SubjectKind = "person" | "service" | "agent";

export interface Subject {
  readonly id: string;
  readonly kind: SubjectKind;
  readonly name: string;
  readonly email?: string;
  readonly groups: readonly string[];
}

export interface Me {
  readonly subject: Subject;
  readonly expires: string;
  readonly admin: boolean;
  readonly auditor: boolean;
  /** What one may everywhere. */
  readonly permissions: readonly string[];
  /** What one may on connections with these labels. */
  readonly scoped: readonly { readonly permission: string; readonly scope: string }[];
  readonly csrfToken: string | null;
}

export interface Login {
  readonly id: string;
  readonly kind: "token" | "browser";
  readonly client: string;
  readonly address: string;
  readonly createdAt: string;
  readonly expires: string;
  readonly current: boolean;
}

/** What comes after a right password. */
export interface SignInStep {
  readonly state: "factor" | "enrol";
  readonly pending: string;
  readonly methods: readonly ("totp" | "passkey" | "recovery-code")[];
}

export interface SignedIn {
  readonly csrfToken: string;
  readonly notices?: readonly string[];
  readonly recoveryCodes?: readonly string[] | null;
}

export interface Factor {
  readonly id: string;
  readonly kind: "totp" | "passkey";
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly synced: boolean | null;
  readonly site: string | null;
}

export interface Factors {
  readonly items: readonly Factor[];
  readonly recoveryCodes: number;
  readonly required: boolean;
  readonly deadline: string | null;
  readonly notices: readonly string[];
}

export interface TotpOffer {
  readonly id: string;
  readonly secret: string;
  /** A data URL. */
  readonly qr: string;
}

export interface Enrolled {
  readonly recoveryCodes: readonly string[] | null;
}

/** What a rule asks the second factor for. */
export interface Question {
  readonly id: string;
  readonly connection: string;
  readonly shown: string | null;
  readonly expires: string;
  readonly state: "pending" | "answered" | "closed" | "expired";
}

export interface DeviceLogin {
  readonly client: string;
  readonly address: string;
  readonly expires: string;
}

export const tlsModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type TlsMode = (typeof tlsModes)[number];

/** What everybody sees of a connection that they may use. */
export interface Offer {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly example: string;
  readonly usable: boolean;
}

/** What admins and auditors see. */
export interface Connection extends Offer {
  readonly id: string;
  readonly host: string;
  readonly agent: string | null;
  readonly tls: { readonly mode: TlsMode; readonly ca?: string; readonly serverName?: string };
  readonly target: Readonly<Record<string, unknown>>;
  readonly exposesCredentialToAgent: boolean;
  readonly version: number;
}

export interface ConnectionTest {
  readonly ok: boolean;
  readonly serverVersion: string | null;
  readonly problem: { readonly code: string; readonly message: string; readonly hint?: string } | null;
}

interface SessionFacts {
  readonly id: string;
  readonly subject: { readonly id: string; readonly name: string };
  readonly connection: string;
  readonly protocol: string;
  readonly from: string;
  readonly startedAt: string;
}

export interface LiveSession extends SessionFacts {
  readonly replica: string;
}

export interface RecordedSession extends SessionFacts {
  readonly endedAt: string | null;
  readonly statements: number;
  readonly end: { readonly code: string; readonly text: string } | null;
}

export type Outcome = "allow" | "deny" | "hold" | "challenge";

export interface Reason {
  readonly rule: string | null;
  readonly code: string;
  readonly text: string;
}

export interface Analysis {
  readonly shape: string;
  readonly effects: readonly string[];
  readonly resources: readonly { readonly kind: string; readonly name: string; readonly access: string }[];
  readonly unknowns: readonly string[];
}

/** One line of a recording. */
export interface Entry {
  readonly chain: string;
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface Agent {
  readonly name: string;
  readonly state: "connected" | "draining" | "away" | "revoked";
  readonly version: string | null;
  readonly connectedAt: string | null;
  readonly lanes: number;
  readonly allows: readonly string[];
  readonly certificateExpires: string | null;
}

export interface JoinToken {
  readonly token: string;
  readonly agent: string;
  readonly expires: string;
}

export interface Policy {
  readonly revision: number;
  readonly version: string;
  readonly problem: string | null;
  readonly documents: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[];
  readonly yaml: string;
}

export interface Explained {
  readonly version: string;
  readonly items: readonly { readonly rule: string; readonly text: string }[];
}

export interface PolicyChange {
  readonly action: "create" | "update" | "delete" | "unchanged";
  readonly kind: string;
  readonly name: string;
  readonly lines: readonly string[];
}

export interface PolicyPlan {
  readonly changes: readonly PolicyChange[];
  readonly warnings: readonly string[];
  readonly revision: number;
}

export interface PolicyRevision {
  readonly revision: number;
  readonly at: string;
  readonly by: string;
  readonly kind: string;
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface RuleTrial {
  readonly rule: string;
  readonly kind: string;
  readonly text: string;
  readonly answer: "yes" | "no" | "unknown";
  readonly counts: "allows" | "denies" | "holds" | "challenges" | "masks" | "counts" | "nothing";
}

export interface Simulation {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly policyVersion: string;
  readonly rules: readonly RuleTrial[];
  readonly masks: readonly {
    readonly rule: string;
    readonly pattern: string;
    readonly mask: { readonly method: string; readonly as?: string };
  }[];
  readonly analysis: Analysis | null;
}

export interface User {
  readonly id: string;
  readonly kind: SubjectKind;
  readonly name: string;
  readonly email: string | null;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly hasPassword: boolean;
  readonly createdAt: string;
  /** What provisions them; null: they are local. */
  readonly directory: string | null;
}

export interface UserGroup {
  readonly name: string;
  readonly description: string;
  readonly members: number;
  readonly directory: string | null;
  /** What its members have by it. */
  readonly roles: readonly string[];
}

export interface Role {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
  readonly builtIn: boolean;
  readonly version: number;
}

export interface RoleBinding {
  readonly id: string;
  readonly role: string;
  readonly group: string | null;
  readonly user: { readonly id: string; readonly name: string } | null;
  readonly scope: Readonly<Record<string, readonly string[]>> | null;
  readonly scopeText: string;
  readonly createdAt: string;
  readonly createdBy: string;
}

export interface Permission {
  readonly name: string;
  readonly text: string;
  readonly byLabels: boolean;
}

export interface Directory {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly groupPrefix: string;
  readonly mayFill: readonly string[];
  readonly enabled: boolean;
  readonly provider: string | null;
  readonly users: number;
  readonly groups: number;
}

export interface AuditHeads {
  readonly publicKey: string;
  readonly heads: readonly {
    readonly chain?: string;
    readonly seq?: number;
    readonly time?: number;
    readonly body?: string;
  }[];
}

export interface Verified {
  readonly ok: boolean;
  readonly entries: number;
  readonly chains: number;
  readonly problems: readonly string[];
}
