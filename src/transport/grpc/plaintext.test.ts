import { describe, expect, it } from "vitest";
import { isLoopback, requireTls } from "./plaintext.js";

describe("plaintext", () => {
  it.each(["127.0.0.1", "127.77.3.4", "::1", "[::1]", "0:0:0:0:0:0:0:1", "localhost", "LOCALHOST", "::ffff:127.0.0.1"])(
    "is accepted on %s",
    (host) => {
      expect(isLoopback(host)).toBe(true);
      expect(() => requireTls(host, false, false)).not.toThrow();
    },
  );

  it.each([
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "128.0.0.1",
    "::2",
    "1::1",
    "fe80::1",
    "::ffff:10.0.0.1",
    "127.1",
    "",
  ])("is refused on %j unless it was allowed explicitly or TLS is on", (host) => {
    expect(() => requireTls(host, false, false)).toThrow(/TLS is needed/);
    expect(() => requireTls(host, false, true)).not.toThrow();
    expect(() => requireTls(host, true, false)).not.toThrow();
  });
});
