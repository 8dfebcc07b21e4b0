import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from "node:crypto";
import { HoopError } from "../vocabulary/index.js";
import { commitmentDomain, commitmentOf, saltBytes, startCommitment } from "./commitment.js";
import type { RecordingKeys } from "./keys.js";

/*
 * Small payload: 1 | data key id (16) | run (16) | nonce (12) | tag (16) | ciphertext of salt | content
 * Large payload: 2 | data key id (16) | run (16) | chunk bytes (4), then apart each chunk: ciphertext | tag (16)
 *
 * Each run of a recorder seals under a key of its own, HKDF(data key, salt = run), with a counter as nonce, so that no
 * nonce comes twice however many payloads there are. A large payload is a run of its own: chunk number and "last" are
 * its nonce, so that chunks cannot be reordered, dropped or cut.
 */
const small = 1;
const large = 2;
const tagBytes = 16;
const smallHead = 1 + 16 + 16 + 12 + tagBytes;
/** Length of a large payload's head. */
export const largeHead = 1 + 16 + 16 + 4;
/** Plain bytes of each chunk of a large payload but the last. */
export const chunkBytes = 1 << 20;

const uuidBytes = (id: string) => Buffer.from(id.replaceAll("-", ""), "hex");
const uuidText = (bytes: Buffer) =>
  bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

function runKey(dataKey: KeyObject, run: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync("sha256", dataKey, run, "hoop recording payload v1", 32)));
}

export interface SealedSmall {
  /** The commitment, hex. */
  readonly hash: string;
  readonly sealed: Buffer;
}

/** Seals one large payload piece by piece. */
export interface LargeSealing {
  readonly head: Buffer;
  /** Takes content of at most `chunkBytes`; `last` ends it. Returns the sealed chunk. */
  chunk(plain: Uint8Array, last: boolean): Buffer;
  /** The commitment, after the last chunk. */
  hash(): string;
}

/** Seals what entries hold apart. */
export class PayloadSealer {
  readonly #keys: RecordingKeys;
  #dataKeyId = "";
  #key!: KeyObject;
  #prefix!: Buffer;
  #count = 0;
  // Randomness is bought in bulk: a call for 32 bytes costs more than hashing a statement.
  readonly #chance = Buffer.allocUnsafe(saltBytes * 256);
  #chanceAt = this.#chance.length;
  readonly #scratch = Buffer.alloc(4096);

  constructor(keys: RecordingKeys) {
    this.#keys = keys;
  }

  seal(content: Uint8Array): SealedSmall {
    this.#renew();
    const salted = this.#salted(content);
    const hash = commitmentOf(salted);
    const sealed = Buffer.allocUnsafe(smallHead - commitmentDomain.length + salted.length);
    sealed.set(this.#prefix, 0);
    sealed.fill(0, 33, 39).writeUIntBE(this.#count++, 39, 6);
    const cipher = createCipheriv("aes-256-gcm", this.#key, sealed.subarray(33, 45));
    sealed.set(cipher.update(salted.subarray(commitmentDomain.length)), smallHead);
    cipher.final();
    sealed.set(cipher.getAuthTag(), 45);
    return { hash, sealed };
  }

  startLarge(): LargeSealing {
    const { id, key: dataKey } = this.#keys.current();
    const run = randomBytes(16);
    const key = runKey(dataKey, run);
    const head = Buffer.concat([Buffer.of(large), uuidBytes(id), run, Buffer.alloc(4)]);
    head.writeUInt32BE(chunkBytes, largeHead - 4);
    const salt = randomBytes(saltBytes);
    const commitment = startCommitment(salt);
    let index = 0;
    return {
      head,
      chunk(plain, last) {
        commitment.update(plain);
        const cipher = createCipheriv("aes-256-gcm", key, chunkNonce(index, last));
        const parts = index++ === 0 ? [cipher.update(salt), cipher.update(plain)] : [cipher.update(plain)];
        cipher.final();
        return Buffer.concat([...parts, cipher.getAuthTag()]);
      },
      hash: () => commitment.digest(),
    };
  }

  #renew(): void {
    const { id, key } = this.#keys.current();
    if (id === this.#dataKeyId) return;
    const run = randomBytes(16);
    this.#dataKeyId = id;
    this.#key = runKey(key, run);
    this.#prefix = Buffer.concat([Buffer.of(small), uuidBytes(id), run]);
    this.#count = 0;
  }

  /** What is hashed: domain, fresh salt, content. A view of scratch memory while the content is short. */
  #salted(content: Uint8Array): Buffer {
    const head = commitmentDomain.length + saltBytes;
    const salted =
      head + content.length <= this.#scratch.length
        ? this.#scratch.subarray(0, head + content.length)
        : Buffer.alloc(head + content.length);
    if (this.#chanceAt === this.#chance.length) {
      randomFillSync(this.#chance);
      this.#chanceAt = 0;
    }
    salted.set(commitmentDomain, 0);
    salted.set(this.#chance.subarray(this.#chanceAt, this.#chanceAt + saltBytes), commitmentDomain.length);
    this.#chanceAt += saltBytes;
    salted.set(content, head);
    return salted;
  }
}

function chunkNonce(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

const altered = (cause?: unknown) =>
  new HoopError("precondition-failed", "a recorded payload does not open: it is not what the entry refers to", {
    cause,
  });

/** An opened payload: the salt is what an outside verifier needs to check the commitment. */
export interface OpenedPayload {
  readonly salt: Buffer;
  readonly content: Buffer;
}

/**
 * Opens a payload and checks that it is the one that the entry committed to. `chunks` are a large payload's, in order.
 * Throws HoopError `precondition-failed` where anything was altered.
 */
export async function openPayload(
  keys: Pick<RecordingKeys, "byId">,
  hash: string,
  sealed: Uint8Array,
  chunks: readonly Uint8Array[] = [],
): Promise<OpenedPayload> {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < largeHead) throw altered();
  const key = runKey(await keys.byId(uuidText(bytes.subarray(1, 17))), bytes.subarray(17, 33));
  let salted: Buffer;
  try {
    if (bytes[0] === small && bytes.length >= smallHead) salted = openSmall(key, bytes);
    else if (bytes[0] === large)
      salted = Buffer.concat(
        chunks.map((chunk, index) => openChunk(key, Buffer.from(chunk), index, index === chunks.length - 1)),
      );
    else throw altered();
  } catch (cause) {
    throw altered(cause);
  }
  if (salted.length < saltBytes || commitmentOf(Buffer.concat([commitmentDomain, salted])) !== hash) throw altered();
  return { salt: salted.subarray(0, saltBytes), content: salted.subarray(saltBytes) };
}

function openSmall(key: KeyObject, bytes: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(33, 45), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(45, smallHead));
  const plain = decipher.update(bytes.subarray(smallHead));
  decipher.final();
  return plain;
}

function openChunk(key: KeyObject, chunk: Buffer, index: number, last: boolean): Buffer {
  if (chunk.length < tagBytes) throw altered();
  const decipher = createDecipheriv("aes-256-gcm", key, chunkNonce(index, last), { authTagLength: tagBytes });
  decipher.setAuthTag(chunk.subarray(chunk.length - tagBytes));
  const plain = decipher.update(chunk.subarray(0, chunk.length - tagBytes));
  decipher.final();
  return plain;
}
