/** What a secret belongs to: `{ kind: "connection-credential", id: <connection id> }`. Neither part is secret. */
export interface SecretRef {
  readonly kind: string;
  readonly id: string;
}

/** A data key as the store keeps it: sealed under the master key. */
export interface SealedDataKey {
  /** UUID */
  readonly id: string;
  /** What it seals: `secrets`, `recording`, `tokens`, `masking`, … One key is never used for two purposes. */
  readonly purpose: string;
  /** Ascends with each rotation; the highest seals, all open. */
  readonly generation: number;
  readonly masterKeyId: string;
  readonly sealed: Uint8Array;
}

export interface SealedSecret extends SecretRef {
  readonly keyId: string;
  readonly sealed: Uint8Array;
  /** Ascends with each write; a re-seal replaces only the version that it read. */
  readonly version: number;
}

/** Where sealed values live. Nothing that it is given can be read without the master key, which it never sees. */
export interface SecretStore {
  dataKeys(): Promise<readonly SealedDataKey[]>;
  /** False: this purpose has a key of this generation already, made by another replica. */
  addDataKey(key: SealedDataKey): Promise<boolean>;
  /** Puts the same key sealed under another master key; false: somebody did already. */
  resealDataKey(id: string, fromMasterKey: string, toMasterKey: string, sealed: Uint8Array): Promise<boolean>;
  /** Removes older keys of a purpose that seal no secret any more. Returns how many. */
  dropUnusedDataKeys(purpose: string, belowGeneration: number): Promise<number>;

  get(ref: SecretRef): Promise<SealedSecret | null>;
  /** Inserts or replaces. False: the data key is gone (rotated away); read the keys again and seal anew. */
  put(ref: SecretRef, keyId: string, sealed: Uint8Array): Promise<boolean>;
  /** False: there is one already. Throws where the data key is gone. */
  putIfAbsent(ref: SecretRef, keyId: string, sealed: Uint8Array): Promise<boolean>;
  delete(ref: SecretRef): Promise<boolean>;
  list(kind: string): Promise<readonly SecretRef[]>;
  /** Secrets sealed under any other key than this one, at most `limit`. */
  sealedUnderOthers(keyId: string, limit: number): Promise<readonly SealedSecret[]>;
  /** Replaces exactly that version's sealed bytes; false: it was changed or deleted meanwhile. */
  reseal(secret: SealedSecret, keyId: string, sealed: Uint8Array): Promise<boolean>;
}
