import fc from "fast-check";
import { expect, it } from "vitest";
import { HeldBytes } from "./held-bytes.js";

it("gives back what it was given, in order, in any mixture", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.constant(-1)), { maxLength: 60 }), (steps) => {
      const held = new HeldBytes();
      const given: Buffer[] = [];
      const taken: Buffer[] = [];
      for (const [index, step] of steps.entries()) {
        if (step >= 0) {
          given.push(Buffer.alloc(step, index));
          held.add(Buffer.alloc(step, index));
        } else taken.push(held.take() ?? Buffer.alloc(0));
      }
      for (let next = held.take(); next !== null; next = held.take()) taken.push(next);
      expect(held.isEmpty).toBe(true);
      expect(Buffer.concat(taken).equals(Buffer.concat(given))).toBe(true);
    }),
  );
});

it("keeps a million one-byte chunks in about a million bytes", () => {
  const held = new HeldBytes();
  for (let i = 0; i < 1_000_000; i++) held.add(Buffer.from([i & 0xff]));
  let chunks = 0;
  while (held.take() !== null) chunks++;
  expect(chunks).toBeLessThan(100);
});
