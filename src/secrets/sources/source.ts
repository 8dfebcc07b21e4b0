/** A secret as its place gave it. */
export interface SourceSecret {
  /** Null: the place says none; the connection's own counts. */
  readonly user: string | null;
  readonly secret: string;
  /** It belongs to whoever asked and ends with it: kept for nobody else. Absent: it is one that lasts. */
  readonly lease?: SourceLease | undefined;
}

/** A credential that was made for this asking. */
export interface SourceLease {
  readonly id: string;
  readonly lifeMs: number;
  /** Answers how long it lives from now on. Throws HoopError. */
  renew(): Promise<number>;
  revoke(): Promise<void>;
}

/** A place outside of Hoop where secrets are kept. */
export interface SecretSource {
  /**
   * Throws HoopError: `denied` and `not-found` are the place's last word, `unavailable` and `limited` an outage.
   *
   * @param path without the kind and the key: `kv/data/pg-prod`
   * @param key null: the reference names none
   */
  read(path: string, key: string | null, signal: AbortSignal): Promise<SourceSecret>;
  close?(): Promise<void>;
}

export const sourceKinds = ["vault", "aws", "env", "file"] as const;
export type SourceKind = (typeof sourceKinds)[number];
