import type { SubjectId } from "../../vocabulary/index.js";
import type { LoginProvider } from "../store.js";

/** What of a second factor may be told to its owner and to admins. */
export interface StoredFactor {
  readonly id: string;
  readonly kind: "totp" | "passkey";
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** A passkey as it is kept: the public half, and how often the private one was used. */
export interface StoredPasskey extends StoredFactor {
  readonly kind: "passkey";
  readonly subject: SubjectId;
  readonly credentialId: Buffer;
  /** COSE */
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly rpId: string;
  /** Synchronised between devices by whoever made it. */
  readonly backedUp: boolean;
}

export type PasskeyDraft = Omit<StoredPasskey, "kind" | "createdAt" | "lastUsedAt">;

/** What a WebAuthn challenge was made for; an answer to it is good for nothing else. */
export interface Ceremony {
  readonly purpose: "register" | "sign-in" | "factor" | "step-up";
  /** Null: whoever owns the passkey. */
  readonly subject: SubjectId | null;
  /** What within the purpose: the pending sign-in, the login and the challenge. */
  readonly bound: string;
  readonly rpId: string;
  readonly origin: string;
}

/** A sign-in whose password was right and which waits for the second factor. */
export interface PendingSignIn {
  readonly subject: SubjectId;
  readonly as: "tokens" | "browser";
  /** The second factor is yet to be made. */
  readonly enrol: boolean;
  readonly client: string;
  readonly address: string;
  /** What the login is to rest on; absent: a password of Hoop's own. */
  readonly provider?: LoginProvider | undefined;
  /** As the store keeps it. */
  readonly expiresAt?: Date | undefined;
}

export interface StoredChallenge {
  readonly id: string;
  readonly subject: SubjectId;
  readonly connection: string;
  readonly session: string | null;
  readonly shown: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly state: "pending" | "answered" | "closed" | "expired";
}

export interface FactorSummary {
  readonly factors: readonly (StoredFactor & { readonly backedUp: boolean | null; readonly rpId: string | null })[];
  /** Recovery codes that are not used. */
  readonly codesLeft: number;
}

/** Who must have a second factor. */
export interface EnrolmentPolicy {
  readonly mode: "optional" | "required";
  /** With `required`: members of one of these; empty: everybody. */
  readonly groups: readonly string[];
  /** How long people may still sign in without, after this was set or they were added. */
  readonly graceMs: number;
  /** When mode or groups were last changed. */
  readonly since: Date;
}

export interface FreshnessChanges {
  readonly version: number;
  readonly rows: readonly {
    readonly subject: SubjectId;
    /** Null: the account itself. */
    readonly connection: string | null;
    /** Milliseconds, by the store's own clock; null: taken back. */
    readonly ageMs: number | null;
  }[];
}

/** Where second factors live. Whatever may happen once happens in one statement: of two at the same moment one wins. */
export interface FactorStore {
  summary(subject: SubjectId): Promise<FactorSummary>;

  /** A TOTP that is not confirmed yet takes the place of another one such. Throws HoopError `conflict`: there is a confirmed one. */
  draftTotp(subject: SubjectId, id: string, expiresAt: Date): Promise<{ readonly replaced: string | null }>;
  /** The one that is being made; null: none, or it took too long. */
  totpDraft(subject: SubjectId, id: string): Promise<boolean>;
  /** Null: it was not there. The codes are kept only where the subject has none yet: `codesKept`. */
  confirmTotp(
    subject: SubjectId,
    id: string,
    step: number,
    codes: readonly Buffer[],
  ): Promise<{ readonly codesKept: boolean } | null>;
  totp(subject: SubjectId): Promise<{ readonly id: string; readonly lastStep: number } | null>;
  /** Uses up a step and all before it. False: it was used already. */
  useTotpStep(subject: SubjectId, id: string, step: number): Promise<boolean>;

  addPasskey(draft: PasskeyDraft, codes: readonly Buffer[], most: number): Promise<{ readonly codesKept: boolean }>;
  passkeys(subject: SubjectId): Promise<readonly StoredPasskey[]>;
  passkey(credentialId: Buffer): Promise<StoredPasskey | null>;
  /** Notes a use. False: it is gone, or its counter has passed this one already. */
  usePasskey(id: string, counter: number, backedUp: boolean): Promise<boolean>;

  rename(subject: SubjectId, id: string, name: string): Promise<StoredFactor | null>;
  /** `kept`: it is the last one, and `keepOne` was asked for. The last one takes the recovery codes along. */
  remove(subject: SubjectId, id: string, keepOne: boolean): Promise<StoredFactor | "kept" | null>;
  /** Everything of the subject, its answers and pending sign-ins too; its logins end. */
  reset(subject: SubjectId): Promise<readonly StoredFactor[]>;

  replaceCodes(subject: SubjectId, codes: readonly Buffer[]): Promise<void>;
  /** How many are left after it; null: no such code, or used. */
  useCode(subject: SubjectId, code: Buffer): Promise<number | null>;

  keepCeremony(challenge: Buffer, ceremony: Ceremony, expiresAt: Date): Promise<void>;
  /** Takes it away: an answer is judged once, whatever comes of it. */
  takeCeremony(challenge: Buffer): Promise<Ceremony | null>;

  keepPending(hash: Buffer, pending: PendingSignIn, expiresAt: Date): Promise<void>;
  pending(hash: Buffer): Promise<PendingSignIn | null>;
  /** One more try. Null: not there, expired, or tried too often. */
  tryPending(hash: Buffer, most: number): Promise<PendingSignIn | null>;
  /** Exactly one caller gets true. */
  takePending(hash: Buffer): Promise<boolean>;

  openChallenge(draft: Omit<StoredChallenge, "createdAt" | "state">, most: number): Promise<boolean>;
  challenge(id: string, subject: SubjectId): Promise<StoredChallenge | null>;
  /** Of a subject, those that can be answered, newest first. */
  challenges(subject: SubjectId): Promise<readonly StoredChallenge[]>;
  closeChallenge(id: string): Promise<void>;

  /**
   * Writes down that the subject has just answered, and answers what was asked of it for this connection; told to all replicas. With
   * `challenge`: only while that one can be answered; false: it cannot.
   */
  answered(subject: SubjectId, connection: string | null, challenge: string | null): Promise<boolean>;
  freshnessSince(version: number): Promise<FreshnessChanges>;
  watchFreshness(listener: () => void): () => void;

  /** A login whose owner has just proved who they are. */
  proveLogin(login: string, by: "password" | "factor"): Promise<void>;
  /** Milliseconds since then. */
  loginProof(login: string): Promise<{ readonly by: "password" | "factor"; readonly ageMs: number } | null>;

  policy(): Promise<EnrolmentPolicy>;
  setPolicy(
    policy: Omit<EnrolmentPolicy, "since">,
  ): Promise<{ readonly before: EnrolmentPolicy; readonly after: EnrolmentPolicy }>;

  /** Ids of TOTP secrets that are still needed. */
  totpIds(): Promise<ReadonlySet<string>>;
  sweep(): Promise<void>;
}

/** Where the secrets of TOTPs are sealed. */
export interface FactorSecrets {
  put(id: string, secret: string): Promise<void>;
  get(id: string): Promise<string | null>;
  delete(id: string): Promise<void>;
  list(): Promise<readonly string[]>;
}
