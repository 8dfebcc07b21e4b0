import { expect, it } from "vitest";
import { endsTransactionAndGoesOn } from "./held.js";

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
