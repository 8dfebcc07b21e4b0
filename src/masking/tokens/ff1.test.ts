import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ff1 } from "./ff1.js";

const key128 = "2b7e151628aed2a6abf7158809cf4f3c";
const key192 = `${key128}ef4359d8d580aa4f`;
const key256 = `${key192}7f036d6f04fc6a94`;
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

const numeral = (text: string, radix: number) =>
  [...text].reduce((value, digit) => value * BigInt(radix) + BigInt(alphabet.indexOf(digit)), 0n);
const text = (value: bigint, radix: number, length: number) => value.toString(radix).padStart(length, "0");

describe("FF1", () => {
  // Samples 1 to 9 that NIST publishes with SP 800-38G.
  it.each([
    [key128, 10, "", "0123456789", "2433477484"],
    [key128, 10, "39383736353433323130", "0123456789", "6124200773"],
    [key128, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"],
    [key192, 10, "", "0123456789", "2830668132"],
    [key192, 10, "39383736353433323130", "0123456789", "2496655549"],
    [key192, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"],
    [key256, 10, "", "0123456789", "6657667009"],
    [key256, 10, "39383736353433323130", "0123456789", "1001623463"],
    [key256, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"],
  ])("gives the published sample under %s, radix %i, tweak %s", (key, radix, tweak, plain, cipher) => {
    const ff1 = new Ff1(Buffer.from(key, "hex"));
    const bytes = Buffer.from(tweak, "hex");
    expect(text(ff1.encrypt(radix, plain.length, numeral(plain, radix), bytes), radix, plain.length)).toBe(cipher);
    expect(text(ff1.decrypt(radix, plain.length, numeral(cipher, radix), bytes), radix, plain.length)).toBe(plain);
  });

  it("goes there and back for every radix, length and tweak, and stays inside", () => {
    const ff1 = new Ff1(Buffer.alloc(32, 7));
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 300 }),
        fc.integer({ min: 2, max: 80 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.bigInt({ min: 0n, max: 1n << 700n }),
        (radix, length, tweak, any) => {
          const size = BigInt(radix) ** BigInt(length);
          const value = any % size;
          const made = ff1.encrypt(radix, length, value, Buffer.from(tweak));
          expect(made >= 0n && made < size).toBe(true);
          expect(ff1.decrypt(radix, length, made, Buffer.from(tweak))).toBe(value);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is a permutation: a whole small domain comes out once each", () => {
    const ff1 = new Ff1(Buffer.alloc(32, 9));
    const seen = new Set<bigint>();
    for (let value = 0n; value < 1000n; value++) seen.add(ff1.encrypt(10, 3, value, Buffer.alloc(0)));
    expect(seen.size).toBe(1000);
  });
});
