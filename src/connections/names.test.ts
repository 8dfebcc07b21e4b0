import { isIP } from "node:net";
import { expect, test } from "vitest";
import { connectionNameFrom, hostFrom } from "./names.js";

const host = (text: string) => hostFrom(text, (address) => isIP(address) !== 0);

test.each(["pg-demo", "PG-Demo", "a", "x".repeat(63), "db2"])("%s is a connection's name", (text) => {
  expect(connectionNameFrom(text)).toBe(text.toLowerCase());
});

test.each([
  "",
  "-a",
  "a-",
  "a_b",
  "a.b",
  "x".repeat(64),
  "pg demo",
  "pg\n",
  "gateway",
  "LOCALHOST",
  "canary",
  "xn--80a",
  "42",
])("%j is not", (text) => {
  expect(() => connectionNameFrom(text)).toThrow();
});

test.each([
  ["DB.internal.", "db.internal"],
  ["10.0.0.5", "10.0.0.5"],
  ["[2001:DB8::1]", "2001:db8::1"],
  ["_srv.example", "_srv.example"],
])("%s is the host %s", (text, expected) => {
  expect(host(text)).toBe(expected);
});

test.each([
  "",
  "a b",
  "db:5432",
  "http://db",
  "10.0.0.256",
  "10.1",
  "0x7f000001",
  "127.0.0.0x1",
  "a..b",
  "-a.b",
  `${"a.".repeat(127)}aa`,
  "user@db",
])("%j is no host", (text) => {
  expect(() => host(text)).toThrow(/not a host/);
});
