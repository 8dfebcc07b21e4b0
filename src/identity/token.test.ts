import fc from "fast-check";
import { expect, test } from "vitest";
import { hashToken, hashUserCode, mintToken, mintUserCode, prefixes, type TokenPurpose } from "./token.js";

const purposes = Object.keys(prefixes) as TokenPurpose[];

test("a token is kept as a hash, and passes for its own purpose only", () => {
  for (const purpose of purposes) {
    const token = mintToken(purpose);
    expect(hashToken(token.text, purpose)).toEqual(token.hash);
    for (const other of purposes) if (other !== purpose) expect(hashToken(token.text, other)).toBeNull();
  }
});

test("what was not minted has no hash, whatever its length", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 500 }), fc.constantFrom(...purposes), (text, purpose) => {
      expect(hashToken(text, purpose)).toBeNull();
      expect(hashToken(`${prefixes[purpose]}${text} `, purpose)).toBeNull();
    }),
  );
});

test("a user code is read as people type it", () => {
  const code = mintUserCode();
  expect(code.text).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
  for (const typed of [
    code.text,
    code.text.toLowerCase(),
    code.text.replace("-", ""),
    ` ${code.text.replace("-", " ")} `,
  ]) {
    expect(hashUserCode(typed)).toEqual(code.hash);
  }
  expect(hashUserCode("AAAA-AAAA")).toBeNull();
  expect(hashUserCode(`${code.text}B`)).toBeNull();
});
