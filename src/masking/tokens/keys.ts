import { createHmac, hkdfSync } from "node:crypto";
import { Ff1 } from "./ff1.js";

/** Fewer values than this can be counted out (SP 800-38G): such a domain is never enciphered. */
export const minDomain = 1_000_000n;

const minKey = 16;
const none = Buffer.alloc(0);

/** The keys of one purpose, derived from the masking key by HKDF: what one purpose shows says nothing of another. */
export class TokenKeys {
  readonly #ff1: Ff1;
  readonly #hash: Buffer;

  constructor(key: Buffer, purpose: string) {
    if (key.length < minKey) throw new TypeError(`a masking key has at least ${minKey} bytes`);
    const derive = (what: string) =>
      Buffer.from(hkdfSync("sha256", key, none, `hoop tokens v1/${what}/${purpose}`, 32));
    this.#ff1 = new Ff1(derive("ff1"));
    this.#hash = derive("hash");
  }

  /** Whether values of a domain this large can be got back. */
  static reversible(size: bigint): boolean {
    return size >= minDomain;
  }

  /**
   * The pseudonym of `value` in `[0, size)`, in the same range. Domains that are too small for a permutation to hide anything
   * in get a keyed hash into the range: two values may share one there, and none can be got back.
   */
  encipher(value: bigint, size: bigint, form: string): bigint {
    if (!TokenKeys.reversible(size)) return BigInt(`0x${this.hash(`${form}/${size}/${value}`, 40)}`) % size;
    const bits = (size - 1n).toString(2).length;
    const tweak = tweakOf(form);
    // Cycle walking: at least half of the numerals are in range, so it takes two steps at most on average.
    let made = value;
    do made = this.#ff1.encrypt(2, bits, made, tweak);
    while (made >= size);
    return made;
  }

  /** What `encipher` was given; null: it cannot be got back. */
  decipher(made: bigint, size: bigint, form: string): bigint | null {
    if (!TokenKeys.reversible(size) || made < 0n || made >= size) return null;
    const bits = (size - 1n).toString(2).length;
    const tweak = tweakOf(form);
    let value = made;
    do value = this.#ff1.decrypt(2, bits, value, tweak);
    while (value >= size);
    return value;
  }

  /** Hex digits of a keyed hash. */
  hash(value: string | Uint8Array, length: number): string {
    return createHmac("sha256", this.#hash).update(value).digest("hex").slice(0, length);
  }
}

const tweaks = new Map<string, Buffer>();

/** Forms are few; the size is in the shape of the numerals already. */
function tweakOf(form: string): Buffer {
  let tweak = tweaks.get(form);
  if (!tweak) {
    tweak = Buffer.from(form);
    tweaks.set(form, tweak);
  }
  return tweak;
}

const known = new WeakMap<Buffer, Map<string, TokenKeys>>();
const maxPurposes = 256;

/** The keys of a purpose, derived once for this very key object. */
export function tokenKeys(key: Buffer, purpose: string): TokenKeys {
  let purposes = known.get(key);
  if (!purposes) {
    purposes = new Map();
    known.set(key, purposes);
  }
  let keys = purposes.get(purpose);
  if (!keys) {
    if (purposes.size >= maxPurposes) purposes.clear();
    keys = new TokenKeys(key, purpose);
    purposes.set(purpose, keys);
  }
  return keys;
}
