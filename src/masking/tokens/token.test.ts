import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLuhn } from "../detectors/checksums.js";
import { tokenKeys } from "./keys.js";
import { integerFromToken, integerToken } from "./number-token.js";
import { detokenize, tokenize } from "./token.js";

const key = Buffer.alloc(32, 5);
const mask = { method: "tokenize", purpose: "analytics" } as const;
const keys = tokenKeys(key, "analytics");

const digits = (min: number, max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((all) => all.join(""));

describe("tokens", () => {
  it("are the same for the same value, purpose and key, and others otherwise", () => {
    const text = "Jane Doe, 12 Main Street";
    const token = tokenize(mask, text, key);
    expect(tokenize(mask, text, Buffer.from(key))).toBe(token);
    expect(tokenize({ ...mask, purpose: "support" }, text, key)).not.toBe(token);
    expect(tokenize(mask, text, Buffer.alloc(32, 6))).not.toBe(token);
    expect(() => tokenize(mask, text, Buffer.alloc(8))).toThrow("16 bytes");
  });

  it("keep letters letters, digits digits and everything else in its place, and go back", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."abzAZ059 -.,@/"), maxLength: 60 }), (text) => {
        const token = tokenize({ ...mask, as: "text" }, text, key);
        const form = (value: string) =>
          value.replaceAll(/[0-9]/g, "0").replaceAll(/[a-z]/g, "a").replaceAll(/[A-Z]/g, "A");
        if (/[A-Za-z0-9]/.test(text)) expect(form(token)).toBe(form(text));
        else expect(token).toMatch(/^t[0-9a-f]{20}$/);
        const back = detokenize({ purpose: "analytics", as: "text" }, token, key);
        const room = [...text].reduce((size, one) => size * (/[0-9]/.test(one) ? 10 : /[a-z]/i.test(one) ? 26 : 1), 1);
        if (room >= 1_000_000) expect(back).toBe(text);
        else if (/[A-Za-z0-9]/.test(text)) expect(back).toBeNull();
      }),
    );
  });

  it("are one to one on a large enough domain", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 5_000; i++) seen.add(tokenize({ ...mask, as: "text" }, String(1_000_000 + i), key));
    expect(seen.size).toBe(5_000);
  });

  it("of cards pass the Luhn check when the number does, keep blanks, and the last four where asked", () => {
    fc.assert(
      fc.property(digits(12, 19), fc.boolean(), (number, lastFour) => {
        const token = tokenize({ ...mask, as: "card", lastFour }, number, key);
        expect(token).toMatch(new RegExp(`^[0-9]{${number.length}}$`));
        expect(isLuhn(token)).toBe(isLuhn(number));
        if (lastFour) expect(token.slice(-4)).toBe(number.slice(-4));
        expect(detokenize({ purpose: "analytics", as: "card", lastFour }, token, key)).toBe(number);
      }),
    );
    expect(tokenize({ ...mask, as: "card" }, "4111 1111-1111 1111", key)).toMatch(/^\d{4} \d{4}-\d{4} \d{4}$/);
  });

  it("of e-mails are nobody's, and keep a domain only where asked", () => {
    expect(tokenize({ ...mask, as: "email" }, "jane@example.com", key)).toMatch(/^x[0-9a-f]{20}@example\.invalid$/);
    expect(tokenize({ ...mask, as: "email", domain: "keep" }, "jane@corp.test", key)).toMatch(
      /^x[0-9a-f]{20}@corp\.test$/,
    );
    expect(tokenize({ ...mask, as: "email", domain: "a.test" }, "jane@corp.test", key)).toMatch(/@a\.test$/);
    expect(detokenize({ purpose: "analytics", as: "email" }, "x0@example.invalid", key)).toBeNull();
  });

  it("of integers keep sign and range, whatever the width of the column, and go back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
        const token = integerToken(keys, value)!;
        expect(token < 0n).toBe(value < 0n);
        const small = (n: bigint) => n >= -(1n << 31n) && n < 1n << 31n;
        expect(small(token)).toBe(small(value));
        expect(integerFromToken(keys, token)).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: -32_768, max: 32_767 }), (value) => {
        const token = Number(integerToken(keys, BigInt(value), true));
        expect(token >= -32_768 && token <= 32_767).toBe(true);
      }),
    );
    expect(integerToken(keys, 1n << 63n)).toBeNull();
  });

  it("of UUIDs are UUIDs of the same version and variant, and go back", () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const token = tokenize(mask, uuid, key);
        expect(token).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        expect([token[14], token[19]]).toEqual([uuid[14], uuid[19]]);
        expect(detokenize({ purpose: "analytics", as: "text" }, token, key)).toBe(uuid);
      }),
    );
  });

  it("of what has no form say nothing of it, not even its length", () => {
    for (const text of ["Jürgen Müller", "日本語", "x".repeat(200), ""]) {
      expect(tokenize(mask, text, key)).toMatch(/^t[0-9a-f]{20}$/);
    }
  });
});
