import { createSecretKey, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Keystream, uncover } from "./keystream.js";

test("what was covered is uncovered at its place, whatever came between, and no byte of the stream serves twice", () => {
  const lengths = fc.array(fc.oneof(fc.nat(100), fc.nat(5_000), fc.nat(70_000)), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(lengths, (all) => {
      const key = createSecretKey(randomBytes(32));
      const stream = new Keystream(key);
      let end = 0;
      for (const length of all) {
        const plain = randomBytes(length);
        const into = Buffer.alloc(length + 2);
        const place = stream.cover(plain, into, 1);
        expect(place).toBeGreaterThanOrEqual(end);
        end = place + length;
        expect([into[0], into[length + 1]]).toEqual([0, 0]);
        expect(uncover(key, BigInt(place), into.subarray(1, length + 1)).equals(plain)).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});

test("equal content is covered differently each time", () => {
  const stream = new Keystream(createSecretKey(Buffer.alloc(32)));
  const seen = new Set<string>();
  for (let n = 0; n < 5_000; n++) {
    const into = Buffer.alloc(20);
    stream.cover(Buffer.alloc(20), into, 0);
    seen.add(into.toString("hex"));
  }
  expect(seen.size).toBe(5_000);
});
