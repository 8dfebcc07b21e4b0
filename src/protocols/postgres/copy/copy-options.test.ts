import { expect, test } from "vitest";
import { readCopyOptions } from "./copy-options.js";

const text = { format: "text", delimiter: "\t", nullText: "\\N", quote: '"', escape: '"', header: false };
const csv = { ...text, format: "csv", delimiter: ",", nullText: "" };

test.each([
  ["copy t to stdout", text],
  ["COPY public.t (id, name) TO stdout;", text],
  ["copy (select 'to stdout', (1)) to stdout", text],
  ["/* a /* nested */ one */ copy t to stdout -- the end", text],
  ["copy t to stdout with (delimiter '|', null $$nil$$)", { ...text, delimiter: "|", nullText: "nil" }],
  ["copy t to stdout (format csv, header, force_quote *)", { ...csv, header: true }],
  [
    "copy t to stdout (format 'csv', header false, quote '''', escape E'\\\\', force_quote (a, b))",
    { ...csv, quote: "'", escape: "\\" },
  ],
  ["copy t to stdout csv header delimiter as ';' force quote a, b", { ...csv, header: true, delimiter: ";" }],
  ["copy t to stdout with delimiter E'\\t' null as ''", { ...text, nullText: "" }],
  ["copy t to stdout with binary", { ...text, format: "binary" }],
  ["copy binary t to stdout", { ...text, format: "binary" }],
  ["copy t to stdout (format binary)", { ...text, format: "binary" }],
  ["copy t to stdout (encoding 'LATIN1')", text],
])("%s", (sql, options) => {
  expect(readCopyOptions(sql)).toEqual(options);
});

test.each([
  "copy t from stdin",
  "copy t to '/tmp/x'",
  "copy t to program 'cat'",
  "select 1; copy t to stdout",
  "copy t to stdout; select 1",
  "copy t to stdout (format json)",
  "copy t to stdout (shiny)",
  "copy t to stdout with delimiter U&'\\0041'",
  "copy t to stdout with delimiter E'\\x41'",
  "copy t to stdout with (delimiter 'ab')",
  "copy t to stdout (encoding 'SJIS')",
  "copy t to stdout (format csv",
  "copy t to stdout 'unclosed",
  "copy t to stdout /* unclosed",
  "",
])("cannot be split: %s", (sql) => {
  expect(readCopyOptions(sql)).toBeNull();
});
