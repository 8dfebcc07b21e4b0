import type { KeyObject } from "node:crypto";

/** The data keys of recordings: the newest seals, every one opens. The secret vault's `keyRing("recording")` is one. */
export interface RecordingKeys {
  current(): { readonly id: string; readonly key: KeyObject };
  byId(id: string): Promise<KeyObject>;
}

/** Signs heads with Ed25519. The secret vault's `signingKey("audit")` is one. */
export interface HeadSigner {
  /** PEM (SPKI): what a verifier pins. */
  readonly publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
}
