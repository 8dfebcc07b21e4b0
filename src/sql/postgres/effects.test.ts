import { expect, test } from "vitest";
import { analyse, list } from "../testing/fixture.js";

/** Statements of every kind with all of their effects. */
const statements: readonly [text: string, effects: string][] = [
  ["select 1", "read"],
  ["table customers", "read"],
  ["values (1), (2)", "read"],
  ["select * from customers for update", "read write"],
  ["insert into orders(note) values ('x')", "write"],
  ["update orders set note = 'x' where id = 1", "write"],
  ["delete from orders where id = 1", "write"],
  ["merge into orders o using customers c on o.id = c.id when matched then delete", "write"],
  ["truncate orders", "destroy"],
  ["drop table orders", "destroy"],
  ["drop schema private cascade", "destroy"],
  ["alter table orders drop column note", "define destroy"],
  ["alter table orders add column x int", "define"],
  ["alter table orders disable row level security", "define admin"],
  ["alter table orders owner to bob", "admin define"],
  ["create table t (a int)", "define"],
  ["create temp table t as select 1", "read define"],
  ["select 1 as a into t", "read define"],
  ["create index on orders (lower(note))", "define"],
  ["create view v as select 1", "read define"],
  ["create function f() returns int language sql as 'select 1'", "define"],
  ["create function f() returns int language sql security definer as 'select 1'", "define admin"],
  ["create function f() returns int language c as 'x', 'y'", "define admin"],
  ["create extension dblink", "define admin"],
  ["create role x", "admin"],
  ["grant select on customers to bob", "admin"],
  ["alter system set work_mem = '1GB'", "admin"],
  ["create policy p on orders using (true)", "define admin"],
  ["create server s foreign data wrapper w", "define admin connect"],
  ["create subscription s connection 'host=x' publication p", "define admin connect"],
  ["load 'x'", "admin"],
  ["checkpoint", "admin"],
  ["call stored('x')", "write execute"],
  ["do $$ begin null; end $$", "execute"],
  ["notify a, 'b'", "execute"],
  ["listen a", "read"],
  ["unlisten *", ""],
  ["lock customers", "execute"],
  ["vacuum full customers", "execute"],
  ["analyze", "execute"],
  ["reindex table customers", "execute"],
  ["cluster customers", "execute"],
  ["begin", ""],
  ["commit", ""],
  ["savepoint a", ""],
  ["prepare transaction 'x'", "execute"],
  ["set statement_timeout = 5", ""],
  ["set search_path = private", ""],
  ["set role bob", "admin"],
  ["set role none", "admin"],
  ["set session authorization bob", "admin"],
  ["set session_replication_role = replica", "admin"],
  ["set standard_conforming_strings = off", "unknown"],
  ["set standard_conforming_strings = on", ""],
  ["set client_encoding = 'SJIS'", "unknown"],
  ["set names 'utf8'", ""],
  ["reset all", ""],
  ["show all", "read"],
  ["discard all", ""],
  ["deallocate all", ""],
  ["select id from orders where id between 1 and 3", "read"],
  ["select id not between 1 and 3, id between symmetric 3 and 1 from orders", "read"],
  ["declare c cursor for select * from customers", "read"],
  ["fetch 10 from c", "read"],
  ["close c", ""],
  ["prepare p as delete from orders where id = 1", "write"],
  ["execute p", "unknown"],
  ["explain select * from customers", "read"],
  ["explain delete from orders", "read"],
  ["explain analyze delete from orders where id = 1", "read write"],
  ["explain (analyze off) delete from orders where id = 1", "read"],
  ["copy orders to stdout", "read"],
  ["copy orders from stdin", "write"],
  ["copy orders to '/tmp/x'", "read admin"],
  ["copy orders from program 'id'", "write admin"],
  ["refresh materialized view mails", "read write"],
  ["comment on table orders is 'x'", "define"],
  ["alter default privileges grant select on tables to bob", "admin"],
  ["reassign owned by a to b", "destroy admin"],
  ["create event trigger e on ddl_command_start execute function f()", "define admin"],
];

test.each(statements)("%s", (text, effects) => {
  const analysis = analyse(text);
  expect(analysis.unknowns, text).toEqual(effects.includes("unknown") ? [expect.any(String)] : []);
  expect([...analysis.effects].sort()).toEqual(effects.split(" ").filter(Boolean).sort());
});

/** Kinds that PostgreSQL 18 can parse and that nobody may forget; read from the parser's own list of nodes. */
test("a statement of a kind that is not listed is unknown", () => {
  const analysis = analyse("create operator class x for type int using btree as operator 1 <");
  expect(analysis.effects).toEqual(["define"]);
  expect(analyse("this is not sql").effects).toEqual(["unknown"]);
});

test("every statement of a text counts", () => {
  const analysis = analyse("select 1; delete from orders; select 2");
  expect(analysis.effects).toEqual(["read", "write"]);
  expect(analysis.statements).toBe(3);
});

test("what an earlier statement of a text renames makes the later ones unknown", () => {
  expect(analyse("set search_path = private; select * from customers").effects).toContain("unknown");
  expect(analyse("set role bob; select 1").effects).toContain("unknown");
  expect(analyse("create or replace function f() returns int language sql as 'select 1'; select 1").effects).toContain(
    "unknown",
  );
  expect(analyse("begin; set local statement_timeout = 1; select 1; commit").effects).toEqual(["read"]);
});

test("an empty text does nothing", () => {
  for (const text of ["", "  \n", ";;", "-- only a comment", "/* and /* nested */ */"]) {
    const analysis = analyse(text);
    expect(analysis.effects).toEqual([]);
    expect(analysis.statements).toBe(0);
  }
});

test("changes of the catalogue and of the context are said", () => {
  expect(analyse("create table t (a int)").changesCatalogue).toBe(true);
  expect(analyse("select 1").changesCatalogue).toBe(false);
  for (const text of [
    "set work_mem = 1",
    "select set_config('work_mem', '1', false)",
    "prepare p as select 1",
    "discard all",
    "set role none",
  ])
    expect(analyse(text).changesContext, text).toBe(true);
  expect(analyse("select 1").changesContext).toBe(false);
});

test("utility statements are named", () => {
  expect(list(analyse("vacuum"), "utility")).toEqual(["vacuum"]);
  expect(list(analyse("explain copy orders to stdout"), "utility")).toEqual([]);
});

test("the text of a prepared statement is judged when it is executed", () => {
  const prepared = new Map([
    ["p", "prepare p as delete from orders"],
    ["q", "select email from customers"],
  ]);
  expect(analyse("execute p", { context: { prepared } }).effects).toEqual(["write"]);
  expect(list(analyse("execute p", { context: { prepared } }), "noWhere")).toEqual(["delete"]);
  expect(analyse("execute q", { context: { prepared } }).columns).toEqual([
    { relation: 1, name: "email", use: "output" },
  ]);
  expect(analyse("execute r", { context: { prepared } }).effects).toEqual(["unknown"]);
  expect(
    analyse("deallocate q; prepare q as delete from orders; execute q", { context: { prepared } }).effects,
  ).toContain("unknown");
});
