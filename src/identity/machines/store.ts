import type { Bounds, SubjectId } from "../../vocabulary/index.js";
import type { StoredSubject, TokenDraft } from "../store.js";

export type { StoredSubject } from "../store.js";

/** What a bound says, without where it comes from: that is known where it is used. */
export type BoundTerms = Omit<Bounds, "of" | "until">;

/** A service account's key, as it is kept: never the key itself. */
export interface StoredKey {
  readonly id: string;
  readonly subject: SubjectId;
  readonly name: string;
  /** The first characters, to find the right one among several. */
  readonly hint: string;
  readonly bounds: BoundTerms;
  /** Addresses and networks that it may be used from; empty: any. */
  readonly sources: readonly string[];
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date;
  readonly ended: { readonly at: Date; readonly because: string } | null;
  readonly used: { readonly at: Date; readonly from: string } | null;
}

/** Whose workload tokens are taken for which service account. */
export interface StoredTrust {
  readonly id: string;
  readonly name: string;
  readonly subject: SubjectId;
  /** As the tokens say in `iss`, exactly. */
  readonly issuer: string;
  /** One that tokens must be made for. */
  readonly audience: string;
  /** By claim: patterns of which one must fit. All claims must. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  /** An expression over `claims` that must answer true; null: none. */
  readonly condition: string | null;
  readonly bounds: BoundTerms;
  /** Seconds for which the token that is given in return counts. */
  readonly lifeSeconds: number;
  /** Whether a workload token is good for one exchange only. */
  readonly singleUse: boolean;
  readonly createdAt: Date;
  readonly createdBy: string;
}

/** A person lets a machine act for them for a while. */
export interface StoredDelegation {
  readonly id: string;
  readonly machine: StoredSubject;
  readonly person: StoredSubject;
  readonly bounds: BoundTerms;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly ended: { readonly at: Date; readonly because: string } | null;
}

/** A login that a machine got for something else: a workload token, or its key and a delegation. */
export interface MachineLoginDraft {
  readonly id: string;
  readonly subject: SubjectId;
  readonly client: string;
  readonly address: string;
  readonly expiresAt: Date;
  readonly bounds: readonly Bounds[];
  /** The login whose token it was got for: it ends with that one, and is bound to the same addresses. */
  readonly parent: string | null;
  readonly trust: string | null;
  readonly delegation: string | null;
}

/** Where machines' credentials live. Every write that an open session could rest on is told to all replicas with its commit. */
export interface MachineStore {
  /** Service accounts and agents of AI, by name. */
  machines(): Promise<readonly StoredSubject[]>;

  keys(subject: SubjectId | null): Promise<readonly StoredKey[]>;
  /** Throws HoopError `conflict`: a key of this name is in use. */
  createKey(
    key: Omit<StoredKey, "createdAt" | "ended" | "used">,
    bounds: readonly Bounds[],
    token: TokenDraft,
  ): Promise<StoredKey>;
  /** Ends the key and all that was got with it. Null: there is none, or it has ended. */
  endKey(id: string, because: string): Promise<StoredKey | null>;
  keysUsed(used: readonly { readonly key: string; readonly at: Date; readonly from: string }[]): Promise<void>;

  trusts(): Promise<readonly StoredTrust[]>;
  trustsOf(issuer: string): Promise<readonly StoredTrust[]>;
  /** Makes one or replaces the one of that name, whose logins end. */
  putTrust(
    trust: Omit<StoredTrust, "createdAt">,
  ): Promise<{ readonly before: StoredTrust | null; readonly after: StoredTrust }>;
  /** Its logins end. */
  removeTrust(name: string): Promise<StoredTrust | null>;
  /** False: it was used before. */
  useToken(hash: Buffer, expiresAt: Date): Promise<boolean>;

  createLogin(login: MachineLoginDraft, token: TokenDraft): Promise<void>;

  createDelegation(draft: {
    readonly id: string;
    readonly machine: SubjectId;
    readonly person: SubjectId;
    readonly bounds: BoundTerms;
    readonly expiresAt: Date;
  }): Promise<StoredDelegation>;
  delegation(id: string): Promise<StoredDelegation | null>;
  /** Newest first: those that count, and those that ended within a week. */
  delegations(of: {
    readonly person?: SubjectId | undefined;
    readonly machine?: SubjectId | undefined;
  }): Promise<readonly StoredDelegation[]>;
  /** Ends it and every login under it. Null: there is none, or it has ended. */
  endDelegation(id: string, because: string): Promise<StoredDelegation | null>;

  /** Removes what is long over. */
  sweep(): Promise<void>;
}
