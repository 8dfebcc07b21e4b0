import type { Bounds, SubjectId } from "../vocabulary/index.js";
import type { AttemptStore } from "./attempts.js";
import type { DirectoryStore } from "./directory/index.js";
import type { RoleStore, StandingCheck } from "./roles/store.js";

/** A subject as it is kept. */
export interface StoredSubject {
  readonly id: SubjectId;
  readonly kind: "person" | "service" | "agent";
  readonly name: string;
  readonly email: string | null;
  /** Sorted. */
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly createdAt: Date;
  readonly version: number;
  readonly passwordHash: string | null;
}

export interface StoredGroup {
  readonly name: string;
  readonly description: string;
  readonly members: number;
}

export type TokenKind = "access" | "refresh" | "browser" | "key";

/** A token to be kept: never the token itself. */
export interface TokenDraft {
  readonly hash: Buffer;
  readonly kind: TokenKind;
  readonly expiresAt: Date;
}

/** One signing in, from which tokens descend. */
export interface LoginDraft {
  readonly id: string;
  readonly subject: SubjectId;
  /** `key`: as long as a service account's key lasts; `machine`: got for something else, for minutes. */
  readonly kind: "token" | "browser" | "key" | "machine";
  /** What the program called itself. */
  readonly client: string;
  readonly address: string;
  /** However often it is renewed, it ends then. */
  readonly expiresAt: Date;
  /** What its owner has just proved who they are by; null: another login vouched for it. */
  readonly provedBy: "password" | "factor" | null;
  /** A second factor was part of it. */
  readonly withFactor: boolean;
  /** The signing in at a provider that it rests on: it ends with that. */
  readonly provider?: LoginProvider | undefined;
}

/** What a login rests on that came from a provider. */
export interface LoginProvider {
  readonly session: string;
  /** No login that rests on it lasts longer. */
  readonly until: Date | null;
}

export interface StoredLogin {
  readonly id: string;
  readonly kind: "token" | "browser";
  readonly client: string;
  readonly address: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface FoundToken {
  readonly subject: StoredSubject;
  readonly login: string;
  readonly loginExpiresAt: Date;
  readonly loginEnded: boolean;
  readonly loginEndedBecause: string | null;
  readonly loginWithFactor: boolean;
  readonly kind: TokenKind;
  readonly expiresAt: Date;
  /** Of a machine's login; null: a person's. */
  readonly machine: FoundMachine | null;
}

/** What a machine's login rests on. */
export interface FoundMachine {
  readonly bounds: readonly Bounds[];
  /** Addresses and networks that it may be used from; empty: any. */
  readonly sources: readonly string[];
  /** Whom it acts for; null: for itself. `person` null: removed. */
  readonly delegation: {
    readonly person: StoredSubject | null;
    readonly ended: boolean;
    readonly expiresAt: Date;
  } | null;
}

export type RefreshOutcome =
  | { readonly outcome: "rotated"; readonly token: FoundToken }
  /** It had been used before: somebody has a copy. The whole login was ended. */
  | { readonly outcome: "reused"; readonly subject: SubjectId; readonly login: string }
  /** `because`: why the login was ended, if it was. */
  | { readonly outcome: "refused"; readonly because?: string | undefined };

export interface DeviceLogin {
  readonly client: string;
  readonly address: string;
  readonly expiresAt: Date;
  readonly answer: "approved" | "denied" | null;
  readonly subject: SubjectId | null;
  /** Whoever approved it had signed in with a second factor. */
  readonly withFactor: boolean;
  /** What the login of whoever approved it rests on. */
  readonly provider: LoginProvider | null;
}

/** Who approves a device login: a login, or somebody who gave name and password with the answer. */
export type Approver = { readonly login: string } | { readonly withFactor: boolean };

/** What changed since a version. */
export interface IdentityChanges {
  readonly version: number;
  readonly subjects: readonly (StoredSubject & { readonly removed: boolean })[];
  readonly endedLogins: readonly { readonly login: string; readonly subject: SubjectId; readonly because: string }[];
}

export interface SubjectChange {
  readonly email?: string | null | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
  readonly passwordHash?: string | undefined;
}

/** Where identities live. Every write that an open session could rest on is told to all replicas with its commit. */
export interface IdentityStore {
  readonly attempts: AttemptStore;
  readonly roles: RoleStore;
  readonly directories: DirectoryStore;
  subject(by: { readonly id: SubjectId } | { readonly name: string }): Promise<StoredSubject | null>;
  /** By name, ascending, after the given one. */
  subjects(page: { readonly after: string | null; readonly limit: number }): Promise<readonly StoredSubject[]>;
  /** Throws HoopError `conflict`: the name is taken; `invalid`: there is no such group. */
  createSubject(
    draft: Pick<StoredSubject, "id" | "kind" | "name" | "email" | "groups" | "passwordHash">,
    check?: StandingCheck,
  ): Promise<StoredSubject>;
  /**
   * Null: there is no such subject. `endLogins`: all but the given one end as well. Throws HoopError `conflict` when it
   * would leave no admin able to sign in. `check` runs in the same
   * transaction, before anything is changed.
   */
  changeSubject(
    id: SubjectId,
    change: SubjectChange,
    endLogins: { readonly because: string; readonly except: string | null } | null,
    check?: StandingCheck,
  ): Promise<StoredSubject | null>;
  removeSubject(id: SubjectId, check?: StandingCheck): Promise<boolean>;

  groups(): Promise<readonly StoredGroup[]>;
  createGroup(name: string, description: string): Promise<void>;
  /** Its members lose it at once. False: there is none. */
  removeGroup(name: string, check?: StandingCheck): Promise<boolean>;

  createLogin(login: LoginDraft, tokens: readonly TokenDraft[]): Promise<void>;
  token(hash: Buffer): Promise<FoundToken | null>;
  /** Marks the refresh token used and keeps its successors, in one step. */
  rotate(hash: Buffer, successors: (token: FoundToken) => readonly TokenDraft[]): Promise<RefreshOutcome>;
  logins(subject: SubjectId): Promise<readonly StoredLogin[]>;
  /** False: it is none of the subject's, or over. */
  endLogin(login: string, subject: SubjectId, because: string): Promise<boolean>;

  createDeviceLogin(draft: {
    readonly deviceHash: Buffer;
    readonly userCodeHash: Buffer;
    readonly client: string;
    readonly address: string;
    readonly expiresAt: Date;
  }): Promise<void>;
  deviceLogin(by: { readonly userCodeHash: Buffer } | { readonly deviceHash: Buffer }): Promise<DeviceLogin | null>;
  /** Null: not there, expired or answered already. */
  answerDeviceLogin(
    userCodeHash: Buffer,
    answer: "approved" | "denied",
    subject: SubjectId,
    approver: Approver,
  ): Promise<DeviceLogin | null>;
  /** Takes an answered device login away; null: not there, expired or not answered. */
  takeDeviceLogin(deviceHash: Buffer): Promise<DeviceLogin | null>;

  /** Whether somebody of this name has signed in from this network lately; false for a name that is nobody's, at the same price. */
  knowsNetwork(name: string, network: string): Promise<boolean>;
  rememberNetwork(subject: SubjectId, network: string): Promise<void>;

  /** Whether an admin can sign in. */
  hasAdmin(): Promise<boolean>;
  addSetupToken(hash: Buffer, expiresAt: Date): Promise<void>;
  /**
   * Creates the first admin and uses up every setup token, in one step. A null token: by configuration. Throws HoopError
   * `unauthenticated` (no such token, expired) and `conflict` (there is an admin already).
   */
  setUp(
    token: Buffer | null,
    draft: Pick<StoredSubject, "id" | "name" | "email" | "passwordHash">,
  ): Promise<StoredSubject>;

  changes(since: number): Promise<IdentityChanges>;
  /** The version up to which everything is known. */
  version(): Promise<number>;
  watch(listener: () => void): () => void;
  /** Milliseconds since the store was last known to answer. */
  staleness(): number;
  /** Removes what is long expired. */
  sweep(): Promise<void>;
}
