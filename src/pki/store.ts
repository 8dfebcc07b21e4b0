/** `agents` signs agents and the gateway's own server; `names` signs what clients of `<connection>.hoop` see. */
export type AuthorityKind = "agents" | "names";

/** One authority's certificate. Several of a kind may be valid at once: the newest that issues already signs, all are trusted. */
export interface Authority {
  /** UUID; the private key lies in the vault under it. */
  readonly id: string;
  readonly kind: AuthorityKind;
  readonly generation: number;
  /** PEM */
  readonly certificate: string;
  /** A successor is handed out before it signs, so that peers trust it in time. */
  readonly issuesFrom: Date;
  readonly expires: Date;
}

export interface PkiStore {
  /** Oldest generation first. */
  authorities(): Promise<readonly Authority[]>;
  /** False: another replica has added this generation of this kind already; use that one. */
  add(authority: Authority): Promise<boolean>;
}

/** Where private keys lie, sealed. The secret vault is one. */
export interface KeyVault {
  put(ref: { readonly kind: string; readonly id: string }, secret: Uint8Array): Promise<void>;
  get(ref: { readonly kind: string; readonly id: string }): Promise<{ revealBytes(): Uint8Array } | null>;
  delete(ref: { readonly kind: string; readonly id: string }): Promise<boolean>;
}
