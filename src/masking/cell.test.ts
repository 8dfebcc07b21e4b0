import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mask } from "../vocabulary/index.js";
import { maskText } from "./cell.js";
import { createCellMasker } from "./cell-masker.js";

const key = Buffer.alloc(32, 7);
const partial = (as: "email" | "card" | "phone" | "text"): Mask => ({ method: "partial", as });

describe("maskText", () => {
  it.each([
    [{ method: "redact" }, "anything", "***"],
    [{ method: "redact" }, "", "***"],
    [{ method: "null" }, "anything", null],
    [{ method: "fixed", value: "n/a" }, "anything", "n/a"],
    [partial("email"), "jane@example.com", "j***@e***.com"],
    [partial("email"), "jane.doe+x@mail.example.co.uk", "j***@m***.uk"],
    [partial("email"), "jo@ex.de", "***@***.de"],
    [partial("email"), "jürgen@müller.de", "j***@m***.de"],
    [partial("email"), "jane@localhost", "***"],
    [partial("email"), "jane at example.com", "***"],
    [partial("email"), "a@b.com, c@d.com", "***"],
    [partial("email"), "jane@doe@example.com", "***"],
    [partial("email"), "Jane Doe <jane@example.com>", "***"],
    [partial("email"), "jane@example.secretword", "***"],
    [partial("email"), "@example.com", "***"],
    [partial("email"), "jane@.com", "***"],
    [partial("email"), "", "***"],
    [partial("card"), "4111111111111111", "***1111"],
    [partial("card"), "4111 1111-1111 1234", "***1234"],
    [partial("card"), "411111111111", "***1111"],
    [partial("card"), "41111111111", "***"],
    [partial("card"), "4111111111111111x", "***"],
    [partial("card"), "1234", "***"],
    [partial("phone"), "+49 (30) 123456-78", "***78"],
    [partial("phone"), "555-1234", "***34"],
    [partial("phone"), "110", "***"],
    [partial("phone"), "call 555-1234", "***"],
    [partial("text"), "confidential", "c***l"],
    [partial("text"), "eight888", "e***8"],
    [partial("text"), "seven77", "***"],
    [partial("text"), "😀😀😀😀", "***"],
    [partial("text"), "😀confident😁", "😀***😁"],
    [{ method: "partial" }, "confidential", "c***l"],
  ] as const)("%j of %s is %s", (mask, text, shown) => {
    expect(maskText(mask as Mask, text, key)).toBe(shown);
  });

  it("hides four characters whole, whatever they look like", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 4 }),
        fc.constantFrom("email", "card", "phone", "text"),
        (text, as) => {
          expect(maskText(partial(as as "text"), text, key)).toBe("***");
        },
      ),
    );
  });

  it("gives equal hashes to equal values only, and others under another key", () => {
    const hash = (text: string, under = key) => maskText({ method: "hash" }, text, under);
    expect(hash("jane")).toBe(hash("jane"));
    expect(hash("jane")).toMatch(/^[0-9a-f]{16}$/);
    expect(hash("jane")).not.toBe(hash("Jane"));
    expect(hash("jane")).not.toBe(hash("jane", Buffer.alloc(32, 8)));
    expect(() => hash("jane", Buffer.alloc(15))).toThrow("16 bytes");
  });
});

describe("a partial mask", () => {
  // Shapes that the masks know, so that most of what is tried is not simply hidden.
  const email = fc
    .tuple(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), fc.domain())
    .map(([local, domain]) => `${local}@${domain}`);
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789 -"), maxLength: 30 });
  const value = fc.oneof(
    email,
    digits,
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.string({ unit: "binary", maxLength: 40 }),
  );

  it("shows no more than its ends", () => {
    fc.assert(
      fc.property(value, (text) => {
        const shown = maskText(partial("text"), text, key)!;
        // An end may be an asterisk itself, so the three in the middle are found by their place.
        const ends = /^(.?)\*\*\*(.?)$/su.exec(shown);
        expect(ends).not.toBeNull();
        expect(text.startsWith(ends![1]!) && text.endsWith(ends![2]!)).toBe(true);
      }),
    );
  });

  it("of a number shows four digits of a card, two of a phone", () => {
    fc.assert(
      fc.property(value, (text) => {
        expect(maskText(partial("card"), text, key)).toMatch(/^\*\*\*(\d{4})?$/);
        expect(maskText(partial("phone"), text, key)).toMatch(/^\*\*\*(\d{2})?$/);
      }),
    );
  });

  it("of an e-mail shows two characters and a short top-level domain", () => {
    fc.assert(
      fc.property(value, (text) => {
        expect(maskText(partial("email"), text, key)).toMatch(/^\*\*\*$|^.?\*\*\*@.?\*\*\*\.[A-Za-z]{2,6}$/u);
      }),
    );
  });

  it("never lets the middle through: two values with the same ends look the same", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 50 }), fc.string({ minLength: 6, maxLength: 50 }), (a, b) => {
        const shown = (middle: string) => maskText(partial("text"), `x${middle}y`, key);
        expect(shown(a)).toBe(shown(b));
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{2,20}$/), fc.stringMatching(/^[a-z0-9]{2,20}$/), (a, b) => {
        const shown = (rest: string) => maskText(partial("email"), `j${rest}@e${rest}.com`, key);
        expect(shown(a)).toBe(shown(b));
      }),
    );
  });
});

describe("a cell masker", () => {
  const masks: readonly Mask[] = [
    { method: "redact" },
    { method: "null" },
    { method: "hash" },
    { method: "fixed", value: "ünder" },
    partial("email"),
    partial("card"),
    partial("phone"),
    partial("text"),
  ];
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 400 }),
    fc.emailAddress(),
    fc.string({ unit: fc.constantFrom(..."0123456789 -"), maxLength: 80 }),
  );

  it("does to bytes what maskText does to text, wherever they lie", () => {
    fc.assert(
      fc.property(text, fc.nat(5), (value, offset) => {
        const bytes = Buffer.concat([
          Buffer.alloc(offset, 0x61),
          Buffer.from(value),
          Buffer.from("trailing@example.com"),
        ]);
        for (const mask of masks) {
          const shown = createCellMasker(mask, key)(bytes, offset, offset + Buffer.byteLength(value));
          expect(shown?.toString() ?? null).toBe(maskText(mask, value, key));
        }
      }),
    );
  });

  it("hides bytes that are not UTF-8 whole, and never reads past the cell", () => {
    const latin = Buffer.from([0xe9, ...Buffer.from("clair au citron"), 0xe9]);
    expect(createCellMasker(partial("text"), key)(latin, 0, latin.length)?.toString()).toBe("***");
    const long = Buffer.concat([Buffer.from([0xe9]), Buffer.alloc(1000, 0x61)]);
    expect(createCellMasker(partial("text"), key)(long, 0, long.length)?.toString()).toBe("***");
    const broken = Buffer.alloc(2000, 0x80);
    expect(createCellMasker(partial("text"), key)(broken, 10, 1990)?.toString()).toBe("***");
  });

  it("shows the ends of a long text", () => {
    const long = Buffer.from(`é${"x".repeat(100_000)}😀`);
    expect(createCellMasker(partial("text"), key)(long, 0, long.length)?.toString()).toBe("é***😀");
  });
});
