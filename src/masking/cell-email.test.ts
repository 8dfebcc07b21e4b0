import fc from "fast-check";
import { expect, test } from "vitest";
import { partialEmailCell } from "./cell-email.js";
import { partialEmail } from "./partial.js";

const masked = (text: string) => {
  const bytes = Buffer.from(`x${text}y`);
  return partialEmailCell(bytes, 1, bytes.length - 1)?.toString();
};

test("an ASCII cell is masked as its text would be", () => {
  const part = fc.string({
    unit: fc.constantFrom("a", "Z", "7", "-", "_", "+", "@", ".", " ", "<", "\\", "\n"),
    maxLength: 9,
  });
  fc.assert(
    fc.property(part, part, part, (local, host, top) => {
      for (const text of [`${local}@${host}.${top}`, local + host + top, `${local}x@y${host}.com`])
        expect(masked(text)).toBe(partialEmail(text));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 400 }), (text) => {
      expect(masked(text) ?? partialEmail(text)).toBe(partialEmail(text));
    }),
  );
});

test("the answer tells no more of a long top-level domain, a short name or two signs", () => {
  expect(masked("jane@example.com")).toBe("j***@e***.com");
  expect(masked("jo@ex.de")).toBe("***@***.de");
  expect(masked("a@.museum")).toBe("***");
  expect(masked("jane@example.museums")).toBe("***");
  expect(masked("jane@a@example.com")).toBe("***");
  expect(masked("")).toBe("***");
});

test("what is not ASCII is left to those who read characters", () => {
  expect(masked("jäne@example.com")).toBeUndefined();
  expect(masked(`${"a".repeat(321)}@example.com`)).toBeUndefined();
});
