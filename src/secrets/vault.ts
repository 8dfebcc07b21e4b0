import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { HoopError } from "../vocabulary/index.js";
import { DataKeys, type KeyRing } from "./key-ring.js";
import type { MasterKeys } from "./master-key.js";
import { type LastingPurpose, type RingPurpose, ringPurposes } from "./purposes.js";
import { open, seal } from "./sealing.js";
import { SecretText } from "./secret-text.js";
import type { SealedSecret, SecretRef, SecretStore } from "./store.js";

/** An Ed25519 key whose private half stays in the vault's process. */
export interface SigningKey {
  /** PEM (SPKI); this is what a verifier pins. */
  readonly publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
}

export interface SecretVault {
  put(ref: SecretRef, secret: string | Uint8Array): Promise<void>;
  /** False: there is one already, and it stays. */
  putIfAbsent(ref: SecretRef, secret: string | Uint8Array): Promise<boolean>;
  /** Null: there is none. */
  get(ref: SecretRef): Promise<SecretText | null>;
  delete(ref: SecretRef): Promise<boolean>;
  /** What is stored under a kind; names only. */
  list(kind: string): Promise<readonly SecretRef[]>;
  /**
   * New data keys for secrets and for every ring, and every secret sealed anew, in batches; what domains sealed by themselves as far as
   * they can. Interrupted, it is finished by the next call.
   */
  rotate(): Promise<{ readonly resealed: number; readonly keyId: string }>;
  /** Reads the keys anew, after another replica rotated (topic `secrets`). */
  refresh(): Promise<void>;
  /** Keys of one purpose, for a domain that seals in bulk by itself: `recording`. */
  keyRing(purpose: RingPurpose): Promise<KeyRing>;
  /** What a domain sealed by itself is sealed anew by this at each rotation, once its ring has a new key. Answers of how many. */
  reseals(purpose: RingPurpose, reseal: () => Promise<number>): void;
  /** One lasting key of a purpose, the same on every replica and through rotations: `masking`. */
  purposeKey(purpose: LastingPurpose): Promise<KeyObject>;
  /** A lasting Ed25519 key by name, made at the first call: `audit`. */
  signingKey(name: string): Promise<SigningKey>;
}

const batch = 200;
const part = /^[^\0]{1,256}$/;

const binding = (keyId: string, ref: SecretRef) => `hoop secret v1\0${keyId}\0${ref.kind}\0${ref.id}`;

function checked(ref: SecretRef): SecretRef {
  if (!part.test(ref.kind) || !part.test(ref.id))
    throw new HoopError("invalid", "a secret's kind and id are texts of 1 to 256 characters");
  return ref;
}

/**
 * Secrets at rest: AES-256-GCM under data keys, themselves sealed under the master key; each value is bound to its place.
 *
 * @example const vault = await createSecretVault({ store, master: loadMasterKey({ stateFolder }) });
 */
export async function createSecretVault(options: {
  readonly store: SecretStore;
  readonly master: MasterKeys;
}): Promise<SecretVault> {
  const { store } = options;
  const keys = new DataKeys(store, options.master);
  await keys.refresh();
  await keys.newest("secrets");
  const resealers = new Map<RingPurpose, () => Promise<number>>();

  async function openSecret(secret: SealedSecret): Promise<Buffer> {
    return open(await keys.byId("secrets", secret.keyId), binding(secret.keyId, secret), secret.sealed);
  }

  async function write<T>(
    ref: SecretRef,
    secret: string | Uint8Array,
    how: (keyId: string, sealed: Buffer) => Promise<T>,
  ): Promise<T> {
    const key = await keys.newest("secrets");
    const plain = typeof secret === "string" ? Buffer.from(secret) : secret;
    return how(key.id, seal(key.key, binding(key.id, ref), plain));
  }

  async function resealAll(): Promise<number> {
    const key = await keys.newest("secrets");
    let resealed = 0;
    for (;;) {
      const some = await store.sealedUnderOthers(key.id, batch);
      if (some.length === 0) return resealed;
      for (const secret of some) {
        const plain = await openSecret(secret);
        if (await store.reseal(secret, key.id, seal(key.key, binding(key.id, secret), plain))) resealed += 1;
        plain.fill(0);
      }
    }
  }

  const vault: SecretVault = {
    async put(ref, secret) {
      checked(ref);
      for (let attempt = 0; attempt < 3; attempt++) {
        if (await write(ref, secret, (keyId, sealed) => store.put(ref, keyId, sealed))) return;
        await keys.refresh();
      }
      throw new HoopError("conflict", "the secret could not be stored while keys are being rotated; try again");
    },
    async putIfAbsent(ref, secret) {
      checked(ref);
      return write(ref, secret, (keyId, sealed) => store.putIfAbsent(ref, keyId, sealed));
    },
    async get(ref) {
      const secret = await store.get(checked(ref));
      if (secret === null) return null;
      // The store's word on which record this is does not count: what was asked for does.
      const plain = await openSecret({ ...secret, kind: ref.kind, id: ref.id });
      const text = new SecretText(plain);
      plain.fill(0);
      return text;
    },
    delete: (ref) => store.delete(checked(ref)),
    list: (kind) => store.list(kind),
    async rotate() {
      await keys.refresh();
      for (const purpose of ringPurposes) await keys.next(purpose);
      const key = await keys.next("secrets");
      let resealed = await resealAll();
      await store.dropUnusedDataKeys("secrets", key.generation);
      for (const reseal of resealers.values()) resealed += await reseal();
      await keys.refresh();
      return { resealed, keyId: key.id };
    },
    refresh: () => keys.refresh(),
    keyRing: (purpose) => keys.ring(purpose),
    reseals: (purpose, reseal) => void resealers.set(purpose, reseal),
    async purposeKey(purpose) {
      return (await keys.newest(purpose)).key;
    },
    async signingKey(name) {
      const ref = { kind: "signing-key", id: name };
      if ((await store.get(ref)) === null) {
        const made = generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" });
        await vault.putIfAbsent(ref, made);
      }
      const stored = await vault.get(ref);
      if (stored === null) throw new HoopError("unavailable", `the signing key ${name} was removed while it was read`);
      const key = createPrivateKey({ key: stored.revealBytes(), format: "der", type: "pkcs8" });
      const publicKey = createPublicKey(key).export({ format: "pem", type: "spki" }).toString();
      return { publicKey, sign: (bytes) => sign(null, bytes, key) };
    },
  };
  return vault;
}
