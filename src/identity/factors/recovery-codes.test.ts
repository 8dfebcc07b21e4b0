import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { subjectId } from "../../vocabulary/index.js";
import { hashRecoveryCode, mintRecoveryCode, recoveryCodeFrom } from "./recovery-codes.js";

const key = createSecretKey(randomBytes(32));
const [ada, eve] = [subjectId(randomUUID()), subjectId(randomUUID())];

test("a code is read as people type it", () => {
  const code = mintRecoveryCode();
  expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
  const plain = code.replaceAll("-", "");
  for (const typed of [code, code.toLowerCase(), plain, ` ${code.replaceAll("-", " ")} `]) {
    expect(recoveryCodeFrom(typed)).toBe(plain);
    expect(hashRecoveryCode(key, ada, typed)).toEqual(hashRecoveryCode(key, ada, code));
  }
  expect(recoveryCodeFrom("OOOO-IIII-LLLL-2222")).toBe("0000111111112222");
});

test("a hash is of one person's code under one key", () => {
  const code = mintRecoveryCode();
  expect(hashRecoveryCode(key, ada, code)).not.toEqual(hashRecoveryCode(key, eve, code));
  expect(hashRecoveryCode(key, ada, code)).not.toEqual(hashRecoveryCode(createSecretKey(randomBytes(32)), ada, code));
});

test("what was not minted is no code, and six digits never are", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const code = recoveryCodeFrom(text);
      if (code !== null) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{16}$/);
    }),
  );
  for (const text of ["123456", "U".repeat(16), "A".repeat(15), "A".repeat(17), `${"-".repeat(60)}AAAAAAAAAAAAAAAA`])
    expect(recoveryCodeFrom(text)).toBeNull();
});
