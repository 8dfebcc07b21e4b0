import { createCipheriv, randomBytes, randomFillSync } from "node:crypto";
import { commitmentDomain, commitmentOf, saltBytes, startCommitment } from "./commitment.js";
import type { RecordingKeys } from "./keys.js";
import { Keystream } from "./keystream.js";
import {
  chunkBytes,
  chunkNonce,
  forms,
  largeHead,
  runKey,
  runStreamKey,
  smallHead,
  uuidBytes,
} from "./sealed-format.js";
import { valuesLength, writeValues } from "./values.js";

export interface SealedSmall {
  /** The commitment, hex. */
  readonly hash: string;
  /** Of the content. */
  readonly bytes: number;
  /** A view, valid until the next call. */
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

/** What stands before the content when it is hashed: domain and salt. */
const before = commitmentDomain.length + saltBytes;
/** The sealer keeps no more memory than this between two payloads. */
const keptBytes = 16 << 10;

/** Seals what entries hold apart. */
export class PayloadSealer {
  readonly #keys: RecordingKeys;
  #dataKeyId = "";
  #prefix = Buffer.alloc(0);
  #stream!: Keystream;
  // Randomness is bought in bulk: a call for 32 bytes costs more than hashing a statement.
  readonly #chance = Buffer.allocUnsafe(saltBytes * 256);
  #chanceAt = this.#chance.length;
  #plain = Buffer.alloc(keptBytes);
  #sealed = Buffer.alloc(keptBytes);

  constructor(keys: RecordingKeys) {
    this.#keys = keys;
  }

  seal(content: Uint8Array): SealedSmall {
    this.#room(content.length).set(content, before);
    return this.#sealPlain(content.length);
  }

  /** Bind values as one content; see `values.ts`. */
  sealValues(values: readonly (Uint8Array | null)[]): SealedSmall {
    const bytes = valuesLength(values);
    writeValues(values, this.#room(bytes), before);
    return this.#sealPlain(bytes);
  }

  startLarge(): LargeSealing {
    const { id, key: dataKey } = this.#keys.current();
    const run = randomBytes(16);
    const key = runKey(dataKey, run);
    const head = Buffer.concat([Buffer.of(forms.large), uuidBytes(id), run, Buffer.alloc(4)]);
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

  /** Memory for content of that length, to be written behind domain and salt. */
  #room(length: number): Buffer {
    if (before + length > this.#plain.length || this.#plain.length > keptBytes) {
      const size = Math.max(keptBytes, before + length);
      this.#plain = Buffer.alloc(size);
      this.#sealed = Buffer.alloc(size + smallHead);
    }
    return this.#plain;
  }

  #sealPlain(bytes: number): SealedSmall {
    this.#renew();
    const plain = this.#plain;
    if (this.#chanceAt === this.#chance.length) {
      randomFillSync(this.#chance);
      this.#chanceAt = 0;
    }
    plain.set(commitmentDomain, 0);
    this.#chance.copy(plain, commitmentDomain.length, this.#chanceAt, this.#chanceAt + saltBytes);
    this.#chanceAt += saltBytes;
    const sealed = this.#sealed;
    sealed.set(this.#prefix, 0);
    const end = before + bytes;
    const place = this.#stream.cover(plain.subarray(commitmentDomain.length, end), sealed, smallHead);
    sealed.writeUIntBE(0, smallHead - 8, 2);
    sealed.writeUIntBE(place, smallHead - 6, 6);
    return {
      hash: commitmentOf(plain.subarray(0, end)),
      bytes,
      sealed: sealed.subarray(0, smallHead + saltBytes + bytes),
    };
  }

  #renew(): void {
    const { id, key } = this.#keys.current();
    if (id === this.#dataKeyId) return;
    const run = randomBytes(16);
    this.#dataKeyId = id;
    this.#stream = new Keystream(runStreamKey(key, run));
    this.#prefix = Buffer.concat([Buffer.of(forms.small), uuidBytes(id), run]);
  }
}
