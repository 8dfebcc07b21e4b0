import { type Cipher, createCipheriv } from "node:crypto";

const rounds = 10;
const block = 16;
/** Longer numerals are for other methods: the arithmetic grows with the square of the length. */
const maxLength = 4_096;

/**
 * Format-preserving encryption of numerals by NIST SP 800-38G, method FF1: `length` digits of a radix become as many others,
 * and back. A number is given by its value; digits are most significant first.
 *
 * The recommendation asks for at least a million possible values: fewer can be counted out by whoever sees enough pairs.
 */
export class Ff1 {
  readonly #cipher: Cipher;
  readonly #shapes = new Map<string, Shape>();

  /** @param key AES key of 16, 24 or 32 bytes. */
  constructor(key: Buffer) {
    // ECB of single blocks: the block cipher itself, which the method builds upon.
    this.#cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  }

  encrypt(radix: number, length: number, value: bigint, tweak: Buffer): bigint {
    const shape = this.#shapeOf(radix, length, tweak);
    let a = value / shape.right;
    let b = value % shape.right;
    for (let i = 0; i < rounds; i++) {
      const size = i % 2 === 0 ? shape.left : shape.right;
      const c = (a + this.#round(shape, i, b)) % size;
      a = b;
      b = c;
    }
    return a * shape.right + b;
  }

  decrypt(radix: number, length: number, value: bigint, tweak: Buffer): bigint {
    const shape = this.#shapeOf(radix, length, tweak);
    let a = value / shape.right;
    let b = value % shape.right;
    for (let i = rounds - 1; i >= 0; i--) {
      const size = i % 2 === 0 ? shape.left : shape.right;
      const c = (((b - this.#round(shape, i, a)) % size) + size) % size;
      b = a;
      a = c;
    }
    return a * shape.right + b;
  }

  /** The round function: PRF(P || Q), stretched to `d` bytes, as a number. */
  #round({ prefix, tail, bytes, wanted }: Shape, i: number, half: bigint): bigint {
    // Q ends with the round's number and the half; what is before them was put there with the shape.
    const q = Buffer.from(tail);
    q[q.length - bytes - 1] = i;
    q.write(half.toString(16).padStart(bytes * 2, "0"), q.length - bytes, "hex");
    let r = prefix;
    for (let at = 0; at < q.length; at += block) r = this.#block(xor(r, q, at));
    if (wanted <= block) return BigInt(`0x${r.toString("hex", 0, wanted)}`);
    const parts = [r];
    for (let j = 1; parts.length * block < wanted; j++) {
      const counter = Buffer.alloc(block);
      counter.writeUInt32BE(j, block - 4);
      parts.push(this.#block(xor(r, counter, 0)));
    }
    return BigInt(`0x${Buffer.concat(parts).toString("hex", 0, wanted)}`);
  }

  #block(bytes: Buffer): Buffer {
    return this.#cipher.update(bytes);
  }

  #shapeOf(radix: number, length: number, tweak: Buffer): Shape {
    const key = `${radix}.${length}.${tweak.toString("latin1")}`;
    let shape = this.#shapes.get(key);
    if (shape) return shape;
    if (radix < 2 || radix > 65_536 || length < 2 || length > maxLength) throw new RangeError("no such numerals");
    const u = Math.floor(length / 2);
    const v = length - u;
    const left = BigInt(radix) ** BigInt(u);
    const right = BigInt(radix) ** BigInt(v);
    const bytes = Math.ceil((right - 1n).toString(2).length / 8);
    const p = Buffer.from([1, 2, 1, 0, 0, 0, rounds, u & 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    p.writeUIntBE(radix, 3, 3);
    p.writeUInt32BE(length, 8);
    p.writeUInt32BE(tweak.length, 12);
    const padding = (block * 2 ** 20 - tweak.length - bytes - 1) % block;
    shape = {
      left,
      right,
      bytes,
      wanted: 4 * Math.ceil(bytes / 4) + 4,
      prefix: this.#block(p),
      tail: Buffer.concat([tweak, Buffer.alloc(padding + 1 + bytes)]),
    };
    if (this.#shapes.size >= 256) this.#shapes.clear();
    this.#shapes.set(key, shape);
    return shape;
  }
}

/** What is the same for all numerals of one radix and length. */
interface Shape {
  /** How many values the left half has, and the right one. */
  readonly left: bigint;
  readonly right: bigint;
  /** Bytes of a half (`b`), and of the round function's output (`d`). */
  readonly bytes: number;
  readonly wanted: number;
  /** The cipher's state behind P. */
  readonly prefix: Buffer;
  /** Q, with zeros for the round's number and the half. */
  readonly tail: Buffer;
}

function xor(a: Buffer, b: Buffer, at: number): Buffer {
  const out = Buffer.allocUnsafe(block);
  for (let i = 0; i < block; i++) out[i] = a[i]! ^ b[at + i]!;
  return out;
}
