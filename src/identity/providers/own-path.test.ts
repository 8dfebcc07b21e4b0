import fc from "fast-check";
import { expect, test } from "vitest";
import { ownPath } from "./own-path.js";

test.each([
  [undefined, "/"],
  ["", "/"],
  ["/", "/"],
  ["/login/device?code=BCDF-GHJK", "/login/device?code=BCDF-GHJK"],
  ["/a/../b", "/b"],
  ["sessions", "/"],
  ["//evil.example", "/"],
  ["///evil.example", "/"],
  ["/\\evil.example", "/"],
  ["\\\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["/\n/evil.example", "/"],
  ["/.//evil.example", "/"],
  ["/x/..//evil.example", "/"],
  ["https:evil.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/%5cevil.example", "/%5cevil.example"],
  [`/${"x".repeat(3_000)}`, "/"],
])("%j goes to %j", (wanted, expected) => {
  expect(ownPath(wanted)).toBe(expected);
});

test("whatever it is given, a browser stays at home", () => {
  const home = "https://hoop.example.com";
  const hostile = fc.string({
    unit: fc.constantFrom("/", "\\", ".", ":", "@", "?", "#", "\t", "\n", "%", "e", "v", " "),
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        hostile,
        hostile.map((text) => `/${text}`),
        fc.webUrl(),
        fc.string(),
      ),
      (wanted) => {
        expect(new URL(ownPath(wanted), home).origin).toBe(home);
      },
    ),
    { numRuns: 400 },
  );
});
