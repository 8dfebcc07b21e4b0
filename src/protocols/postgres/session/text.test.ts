import { expect, test } from "vitest";
import { isUnsafeEncoding, TextCodec } from "./text.js";

test.each([
  "SJIS",
  "sjis",
  "Shift_JIS",
  "'BIG5'",
  "GBK",
  "win936",
  "UHC",
  "GB18030",
  "johab",
  "SHIFT_JIS_2004",
  "mskanji",
])("%s is unsafe", (name) => {
  expect(isUnsafeEncoding(name)).toBe(true);
});

test.each(["UTF8", "unicode", "LATIN1", "SQL_ASCII", "WIN1252", "EUC_JP", "KOI8R"])("%s is not", (name) => {
  expect(isUnsafeEncoding(name)).toBe(false);
});

test("text is decoded by its encoding, and what is not text is refused", () => {
  expect(new TextCodec("UTF8").decode(Buffer.from("żółw"))).toBe("żółw");
  expect(() => new TextCodec("UTF8").decode(Buffer.from([0x73, 0xff]))).toThrow(/not valid UTF8/);
  expect(new TextCodec("WIN1251").decode(Buffer.from([0xcf]))).toBe("П");
  expect(new TextCodec("SQL_ASCII").decode(Buffer.from([0x41, 0xff]))).toBe("A\u00ff");
  // A byte order mark is a character of the statement as any other.
  expect(new TextCodec("UTF8").decode(Buffer.from([0xef, 0xbb, 0xbf, 0x41]))).toBe("\ufeffA");
});
