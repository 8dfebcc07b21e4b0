import type { ConnectionId, SubjectId } from "../../vocabulary/index.js";

/** What a server keeps of a password to prove and check it by SCRAM-SHA-256 (RFC 5802); the password cannot be had from it. */
export interface ScramVerifier {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** A short-lived password for one connection's native clients, without a tunnel. */
export interface NativeCredential {
  /** UUID */
  readonly id: string;
  /** What the client says as its user; says who and which, and no two are the same. */
  readonly user: string;
  readonly subject: { readonly id: SubjectId; readonly name: string };
  readonly connection: { readonly id: ConnectionId; readonly name: string };
  /** Networks that it is good from; empty: any. */
  readonly addresses: readonly string[];
  readonly madeAt: Date;
  readonly expires: Date;
  readonly revokedAt: Date | null;
  readonly lastUsed: Date | null;
}

export interface NativeCredentialStore {
  /** False: the subject has as many as it may, or the user is taken. */
  add(credential: NativeCredential, verifier: ScramVerifier, most: number): Promise<boolean>;
  /** By what a client says as its user. */
  verifier(user: string): Promise<{ readonly credential: NativeCredential; readonly verifier: ScramVerifier } | null>;
  get(id: string): Promise<NativeCredential | null>;
  /** What is good still, newest first; null: everybody's. */
  list(subject: SubjectId | null, limit: number): Promise<readonly NativeCredential[]>;
  used(id: string): Promise<void>;
  /** Told to all replicas. Answers those that were good until now. */
  revoke(which: { readonly id: string } | { readonly subject: SubjectId }): Promise<readonly NativeCredential[]>;
  /** Which of these are revoked, or gone. */
  ended(ids: readonly string[]): Promise<readonly string[]>;
  /** Removes what ended long ago. */
  sweep(): Promise<void>;
  watch(listener: () => void): () => void;
}
