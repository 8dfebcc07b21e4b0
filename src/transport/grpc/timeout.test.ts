import { expect, it } from "vitest";
import { formatGrpcTimeout, parseGrpcTimeout } from "./timeout.js";

it.each([
  ["100m", 100],
  ["2S", 2000],
  ["1H", 3_600_000],
  ["1500u", 2],
  ["1n", 1],
  ["99999999H", 0x7fffffff],
])("reads %s as %d ms", (header, ms) => expect(parseGrpcTimeout(header)).toBe(ms));

it.each(["", "5", "m", "-1m", "123456789m", "1 m", "1x", "1.5S"])("refuses %j", (header) =>
  expect(parseGrpcTimeout(header)).toBeUndefined(),
);

it("tells absent from malformed", () => expect(parseGrpcTimeout(undefined)).toBeNull());

it.each([0, 1, 250.5, 1e7, 1e9, 1e12])("writes %d ms so that it reads back no shorter, up to a timer's limit", (ms) =>
  expect(parseGrpcTimeout(formatGrpcTimeout(ms))).toBeGreaterThanOrEqual(Math.min(ms, 0x7fffffff)),
);
