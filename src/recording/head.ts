import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import type { ChainTip } from "./entry.js";
import type { HeadSigner } from "./keys.js";

/** Where a chain stood. */
export interface ChainPoint extends ChainTip {
  readonly chain: string;
}

/** What a signed head says: this chain stood here at this time, and these are all the chains there are. */
export interface HeadBody extends ChainPoint {
  readonly type: "hoop head v1";
  readonly time: number;
  readonly chains: readonly ChainPoint[];
  /** Which key signed: SHA-256 of its SPKI, hex, first 16 digits. */
  readonly key: string;
}

export interface SignedHead {
  /** One line of JSON; its exact bytes are signed. */
  readonly body: string;
  /** Ed25519, base64. */
  readonly signature: string;
}

export function keyIdOf(publicKey: KeyObject): string {
  return hash("sha256", publicKey.export({ format: "der", type: "spki" }), "hex").slice(0, 16);
}

/** Keeps a signer's id, so that each head need not derive it anew. */
export function createHeadSigning(
  signer: HeadSigner,
): (point: ChainPoint, chains: readonly ChainPoint[], time: number) => SignedHead {
  const key = keyIdOf(createPublicKey(signer.publicKey));
  return (point, chains, time) => {
    const head: HeadBody = {
      type: "hoop head v1",
      chain: point.chain,
      seq: point.seq,
      hash: point.hash,
      time,
      chains,
      key,
    };
    const body = JSON.stringify(head);
    return { body, signature: Buffer.from(signer.sign(Buffer.from(body))).toString("base64") };
  };
}

/** The pinned keys of a PEM text, one or several, by id. */
export function pinnedKeys(pem: string): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const block of pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? []) {
    const key = createPublicKey(block);
    if (key.asymmetricKeyType === "ed25519") keys.set(keyIdOf(key), key);
  }
  return keys;
}

/** The head's body when a pinned key signed exactly these bytes; else null. */
export function verifyHead(head: SignedHead, keys: ReadonlyMap<string, KeyObject>): HeadBody | null {
  try {
    const bytes = Buffer.from(head.body);
    const body = JSON.parse(head.body) as HeadBody;
    const key = keys.get(body.key);
    if (
      key === undefined ||
      body.type !== "hoop head v1" ||
      !verify(null, bytes, key, Buffer.from(head.signature, "base64"))
    )
      return null;
    return body;
  } catch {
    return null;
  }
}
