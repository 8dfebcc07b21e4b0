import { type Cipher, createCipheriv, type KeyObject } from "node:crypto";

const blockBytes = 16;
/** Made at once: a call into the cipher costs more than the bytes that a statement needs. */
const aheadBytes = 32 << 10;
/** Longer content goes through the cipher itself. */
const longBytes = 2 << 10;
const zeros = Buffer.alloc(aheadBytes);

/**
 * The keystream of AES-256-CTR under a key that is used for nothing else, from its beginning. Each byte of it is used once.
 */
export class Keystream {
  readonly #cipher: Cipher;
  #ahead: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where `#ahead` ends in the stream. */
  #made = 0;

  constructor(key: KeyObject) {
    this.#cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(blockBytes));
  }

  /** Writes `plain` covered to `into` at `at`. Answers the place in the stream that it took. */
  cover(plain: Uint8Array, into: Uint8Array, at: number): number {
    const { length } = plain;
    if (length > longBytes) return this.#coverLong(plain, into, at);
    if (this.#ahead.length - this.#at < length) this.#more();
    const ahead = this.#ahead;
    const from = this.#at;
    for (let i = 0; i < length; i++) into[at + i] = plain[i]! ^ ahead[from + i]!;
    this.#at = from + length;
    return this.#made - ahead.length + from;
  }

  #more(): void {
    this.#ahead = this.#cipher.update(zeros);
    this.#made += aheadBytes;
    this.#at = 0;
  }

  /** What is left of the bytes made ahead is not used. */
  #coverLong(plain: Uint8Array, into: Uint8Array, at: number): number {
    const place = this.#made;
    into.set(this.#cipher.update(plain), at);
    this.#made += plain.length;
    this.#ahead = Buffer.alloc(0);
    this.#at = 0;
    return place;
  }
}

/** What was covered at that place of the key's stream. Throws RangeError for a place that no stream has. */
export function uncover(key: KeyObject, place: bigint, covered: Uint8Array): Buffer {
  const counter = Buffer.alloc(blockBytes);
  counter.writeBigUInt64BE(place / BigInt(blockBytes), 8);
  const cipher = createCipheriv("aes-256-ctr", key, counter);
  cipher.update(zeros.subarray(0, Number(place % BigInt(blockBytes))));
  return cipher.update(covered);
}
