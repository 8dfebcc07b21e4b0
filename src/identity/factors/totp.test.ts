import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";
import { mintTotpSecret, totpStep, totpUri } from "./totp.js";

// RFC 6238, appendix B, the last six of its eight digits.
const rfc = Secret.fromLatin1("12345678901234567890").base32;
test.each([
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_111_111_111, "050471"],
  [1_234_567_890, "005924"],
  [2_000_000_000, "279037"],
  [20_000_000_000, "353130"],
])("at %d s the code is %s", (seconds, code) => {
  expect(totpStep(rfc, code, seconds * 1_000)).toBe(Math.floor(seconds / 30));
});

test("a code counts for its own step, one before and one after, and says which", () => {
  const secret = mintTotpSecret();
  const now = 1_700_000_015_000;
  const step = Math.floor(now / 30_000);
  for (const [away, expected] of [
    [-2, null],
    [-1, step - 1],
    [0, step],
    [1, step + 1],
    [2, null],
  ] as const) {
    const code = TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: now + away * 30_000 });
    expect(totpStep(secret, code, now)).toBe(expected);
  }
});

test.each(["", "12345", "1234567", "12345a", "１２３４５６", "-12345", "123 456"])("%j is no code", (code) => {
  expect(totpStep(rfc, code, 59_000)).toBeNull();
});

test("secrets have 160 bits and are never twice the same; what is scanned names the account", () => {
  const secrets = new Set(Array.from({ length: 50 }, mintTotpSecret));
  expect(secrets.size).toBe(50);
  for (const secret of secrets) expect(Secret.fromBase32(secret).bytes).toHaveLength(20);
  const uri = new URL(totpUri([...secrets][0]!, "ada@example.com"));
  expect(uri.protocol).toBe("otpauth:");
  expect(decodeURIComponent(uri.pathname)).toContain("Hoop:ada@example.com");
  expect(uri.searchParams.get("secret")).toBe([...secrets][0]);
});
