import { expect, it } from "vitest";
import { endsTransactionAndGoesOn, type Held } from "./held.js";
import { readText } from "./held-statement.js";
import { TextCodec } from "./text.js";

it.each([
  "commit; select 1",
  "select 1; rollback to a; select 2",
  "/* x */ end; table t",
  "prepare transaction 'a'; select 1",
  "create function f() returns int begin atomic select 1; select 2; end; select 1",
  "select u&'a'; select case when true then 1 end",
  `select 1; commit; ${"select 1; ".repeat(50_000)}`,
])("finds the end of a transaction that is not the text's own end: %.60s", (text) => {
  expect(endsTransactionAndGoesOn(text)).toBe(true);
});

it.each([
  "commit",
  "select 1; commit;",
  "do $$ begin raise notice 'a; commit; b'; end $$",
  "do $$ begin perform 1; end $$; select 1",
  "select case a when 1 then 2 end; select 3",
  "create function f() returns int language plpgsql as 'begin return 1; end'; select f()",
  "-- commit; \nselect 1; select 'rollback; x'",
])("is not taken in by a word that ends something else: %s", (text) => {
  expect(endsTransactionAndGoesOn(text)).toBe(false);
});

it("the types that a client gives with a statement count as its text does", () => {
  const held: Held = {
    kind: "parse",
    frame: Buffer.alloc(0),
    ask: 0,
    name: "s",
    raw: Buffer.from("select 1"),
    types: Buffer.alloc(4 * 65_535),
    statement: null,
  };
  expect(readText(held, new TextCodec("UTF8"))).toBeNull();
  expect(held.statement?.size).toBe(8 + 4 * 65_535);
});
