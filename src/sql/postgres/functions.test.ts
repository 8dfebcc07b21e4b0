import { expect, test } from "vitest";
import { analyse, list, relation, routine, shop } from "../testing/fixture.js";

const calls: readonly [text: string, effects: string[], opaque: boolean][] = [
  ["select lower('A')", ["read"], false],
  ["select pg_catalog.now()", ["read"], false],
  ["select random()", ["read"], false],
  ["select extract(year from now())", ["read"], false],
  ["select position('a' in 'b'), substring('abc' from 1 for 2), trim('x')", ["read"], false],
  ["select something_new()", ["read", "unknown"], true],
  ["select not_there()", ["read", "unknown"], true],
  ["select elsewhere.lower('A')", ["read", "unknown"], true],
  ["select wipe()", ["read", "write"], false],
  ["select 1 where wipe() = 1", ["read", "write"], false],
  ["select (select wipe())", ["read", "write"], false],
  ["select * from wipe()", ["read", "write"], false],
  ["select 1 order by wipe()", ["read", "write"], false],
  ["select 1 limit wipe()", ["read", "write"], false],
  ["insert into customers(id) values (wipe())", ["read", "write"], false],
  ["select mail_of(1)", ["read"], false],
  ["select dynamic('x')", ["read", "unknown"], true],
  ["select loop_a()", ["read"], false],
  ["select compiled(1)", ["read"], false],
  ["select compiled_volatile(1)", ["read", "unknown"], true],
  ["select python()", ["read", "unknown"], true],
  ["select nothing()", ["read", "unknown"], true],
  ["select standard()", ["read", "write"], false],
  ["call stored('x')", ["write", "execute"], false],
  ["call not_there()", ["execute", "unknown"], true],
  ["select nextval('s')", ["read", "write"], false],
  ["select orders.wipe from orders", ["read", "write"], false],
];

test.each(calls)("%s", (text, effects, opaque) => {
  const analysis = analyse(text);
  expect([...analysis.effects].sort()).toEqual([...effects].sort());
  expect(analysis.opaque).toBe(opaque);
});

test("a function of the same name as one of the system's counts when the path can find it", () => {
  expect(analyse("select now()").effects).toEqual(["read"]);
  expect(analyse("select now()", { context: { searchPath: "sneaky, public" } }).effects).toEqual(["read", "write"]);
  expect(analyse("select pg_catalog.now()", { context: { searchPath: "sneaky, public" } }).effects).toEqual(["read"]);
});

const escapes: readonly [text: string, escape: string, effect: string][] = [
  ["set role bob", "set_role", "admin"],
  ["set session authorization bob", "set_session_authorization", "admin"],
  ["alter role bob superuser", "alter_role", "admin"],
  ["create user bob", "alter_role", "admin"],
  ["alter system set x = 1", "alter_system", "admin"],
  ["select pg_read_file('/etc/passwd')", "pg_read_file", "admin"],
  ["select pg_catalog.pg_stat_file('x')", "pg_read_file", "admin"],
  ["select pg_ls_dir('/')", "pg_ls_dir", "admin"],
  ["select pg_ls_waldir()", "pg_ls_dir", "admin"],
  ["select lo_import('/etc/passwd')", "lo_import", "admin"],
  ["select lo_export(1, '/tmp/x')", "lo_export", "admin"],
  ["select dblink('host=x', 'drop table y')", "dblink", "unknown"],
  ["select * from dblink_exec('x')", "dblink", "unknown"],
  ["create foreign table f (a int) server s", "foreign_server", "admin"],
  ["import foreign schema x from server s into public", "foreign_server", "admin"],
  ["create user mapping for bob server s options (password 'x')", "foreign_server", "admin"],
  ["copy orders to program 'id'", "copy_program", "admin"],
  ["copy orders from program 'id'", "copy_program", "admin"],
  ["copy orders from '/etc/passwd'", "copy_file", "admin"],
  ["load '/tmp/x.so'", "load", "admin"],
  ["create extension adminpack", "create_extension", "admin"],
  ["create function f() returns int language plpython3u as 'x'", "untrusted_language", "admin"],
  ["do language plpython3u 'x'", "untrusted_language", "unknown"],
  ["select pg_terminate_backend(1)", "pg_terminate_backend", "admin"],
  ["select pg_cancel_backend(1)", "pg_terminate_backend", "admin"],
  ["select pg_sleep(1)", "pg_sleep", "execute"],
  ["select query_to_xml('drop table x', true, true, '')", "query_to_xml", "unknown"],
  ["select database_to_xml(true, true, '')", "query_to_xml", "unknown"],
  ["select * from ts_stat('select x')", "runs_query", "unknown"],
  ["create function f() returns int language sql security definer as 'select 1'", "security_definer", "admin"],
  ["select pg_reload_conf()", "server_configuration", "admin"],
  ["select pg_file_write('a', 'b', true)", "adminpack", "admin"],
  ["select * from pg_logical_slot_get_changes('a', null, null)", "replication", "admin"],
  ["select * from pg_authid", "credentials", "admin"],
  ["select passwd from pg_catalog.pg_shadow", "credentials", "admin"],
  ["update pg_class set relname = 'x' where oid = 1", "system_catalogue", "admin"],
  ["set session_replication_role = replica", "guarded_setting", "admin"],
  ["grant pg_execute_server_program to bob", "alter_role", "admin"],
  ["alter table customers disable row level security", "row_security", "admin"],
];

test.each(escapes)("escape hatch: %s", (text, hatch, effect) => {
  const analysis = analyse(text);
  expect(list(analysis, "escapes")).toContain(hatch);
  expect(analysis.effects).toContain(effect);
});

test("an escape hatch in a body is one of the statement", () => {
  for (const text of [
    "do $$ begin perform pg_read_file('x'); end $$",
    "do $$ declare v text; begin if pg_ls_dir('/') is null then null; end if; end $$",
    "do $$ begin for i in 1..10 loop copy orders to program 'x'; end loop; exception when others then perform lo_import('x'); end $$",
    "create function f() returns void language plpgsql as $$ begin perform pg_read_file('x'); end $$",
  ])
    expect(list(analyse(text), "escapes").length, text).toBeGreaterThan(0);
});

test("pg_dump names the setting that it narrows by a row, and nothing else is taken for that", () => {
  const dump =
    "SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'";
  const found = analyse(dump);
  expect(found.effects).toEqual(["read"]);
  expect(found.unknowns).toEqual([]);
  expect(found.resources).toContainEqual({
    kind: "setting",
    name: "restrict_nonsystem_relation_kind",
    access: "write",
  });
  // --include-foreign-data leaves one of the two out, which may take back what somebody set.
  expect(analyse(dump.replace(", foreign-table", "")).effects).toContain("admin");
  for (const other of [
    dump.replace("restrict_nonsystem_relation_kind", "role"),
    dump.replace(" WHERE name = 'restrict_nonsystem_relation_kind'", ""),
    dump.replace("FROM pg_settings", "FROM public.pg_settings"),
    dump.replace("FROM pg_settings", "FROM pg_settings, customers"),
    dump.replace("FROM pg_settings", "FROM pg_settings as s(setting, name)"),
    dump.replace("'view, foreign-table'", "setting"),
    dump.replace("set_config(name", "set_config(setting"),
    dump.replace("name = ", "name <> "),
    dump.replace("name = ", "name || '' = "),
    `${dump} or name = 'role'`,
    `${dump} and true union all select set_config(name, 'x', false) from pg_settings`,
    `with pg_settings as (select 'role' as name) ${dump}`,
  ])
    expect(analyse(other).effects, other).toContain("unknown");
});

test("set_config is what SET of the same setting would be", () => {
  expect(analyse("select pg_catalog.set_config('search_path', '', false)").effects).toEqual(["read"]);
  expect(analyse("select set_config('role', 'bob', false)").effects).toContain("admin");
  expect(analyse("select set_config('standard_conforming_strings', 'off', false)").effects).toContain("unknown");
  expect(analyse("select set_config($1, 'x', false)").effects).toContain("unknown");
  expect(analyse("set restrict_nonsystem_relation_kind = 'view, foreign-table'").effects).not.toContain("admin");
  expect(analyse("set restrict_nonsystem_relation_kind = 'view'").effects).toContain("admin");
  expect(analyse("select set_config('session_' || 'authorization', 'x', false)").effects).toContain("unknown");
  expect(analyse("select set_config('search_path', 'private', false); select * from customers").effects).toContain(
    "unknown",
  );
});

test("operators call functions", () => {
  expect(analyse("select 1 + 2, 'a' ~ 'b', '{}'::jsonb @> '{}'").effects).toEqual(["read"]);
  expect(analyse("select 1 <=> 2").effects).toContain("unknown");
  const catalogue = {
    ...shop,
    functions: [...shop.functions, routine({ id: 90, name: "distance", language: "c", volatility: "immutable" })],
    operators: [
      { schema: "public", name: "<=>", function: 90 },
      { schema: "public", name: "+", function: 10 },
    ],
  };
  expect(analyse("select 1 <=> 2", { catalogue }).effects).toEqual(["read"]);
  expect(analyse("select 1 + 2", { catalogue }).effects).toEqual(["read", "write"]);
  expect(analyse("select 1 operator(pg_catalog.+) 2", { catalogue }).effects).toEqual(["read"]);
  expect(analyse("select 1 ==> 2", { catalogue }).effects).toContain("unknown");
});

test("a body that nobody can parse is unknown", () => {
  for (const text of [
    "do $$ begin this is not plpgsql; end $$",
    "do $$ begin execute 'x'; end $$",
    "do $$ declare r record; begin for r in execute 'x' loop null; end loop; end $$",
    "do $$ declare c refcursor; begin open c for execute 'x'; end $$",
    "do $$ begin return query execute 'x'; end $$",
  ])
    expect(analyse(text).effects, text).toContain("unknown");
});

test("functions that call each other deeper than anybody follows are unknown", () => {
  const functions = Array.from({ length: 40 }, (_, at) =>
    routine({ id: 1000 + at, name: `f${at}`, body: at === 39 ? "drop table orders" : `select f${at + 1}()` }),
  );
  expect(analyse("select f0()", { catalogue: { ...shop, functions } }).effects).toContain("unknown");
  expect(analyse("select f30()", { catalogue: { ...shop, functions } }).effects).toEqual(["read", "destroy"]);
});

test("an aggregate is what it is made of", () => {
  const part = routine({
    id: 90,
    name: "add_up",
    language: "plpgsql",
    body: "begin insert into orders(note) values ('x'); return 1; end",
  });
  const aggregate = (calls?: readonly number[]) =>
    routine({
      id: 91,
      name: "total",
      kind: "aggregate",
      language: "internal",
      volatility: "immutable",
      ...(calls === undefined ? {} : { calls }),
    });
  const effects = (calls?: readonly number[]) =>
    analyse("select total(id) from orders", {
      catalogue: { ...shop, functions: [...shop.functions, part, aggregate(calls)] },
    }).effects;
  expect(effects()).toContain("unknown");
  expect(effects([90])).toEqual(["read", "write"]);
  expect(effects([1299])).toEqual(["read"]);
});

test("types whose casts take the type itself come to an end", () => {
  const casts = Array.from({ length: 12 }, (_, at) => 100 + at);
  const functions = casts.map((id) => ({
    ...routine({ id, name: `cast_${id}`, language: "c", volatility: "immutable" as const }),
    calls: casts,
  }));
  const catalogue = { ...shop, functions: [...shop.functions, ...functions] };
  expect(analyse("select cast_100(email) from customers", { catalogue }).unknowns).toEqual([]);
});

test("of the relation that keeps the passwords of foreign servers only what can show one is an escape hatch", () => {
  const columns = ["umid", "srvid", "srvname", "umuser", "usename", "umoptions"];
  const mappings = relation({ id: 12_000, schema: "pg_catalog", name: "pg_user_mappings", kind: "view", columns });
  const others = relation({ id: 50, name: "mapped", kind: "view", columns: ["o"], reads: [12_000], definition: null });
  const catalogue = { ...shop, relations: [...shop.relations, mappings, others] };
  const escapes = (text: string) => list(analyse(text, { catalogue }), "escapes");
  for (const text of ["select srvname, usename from pg_user_mappings", "select count(*) from pg_user_mappings"])
    expect([text, escapes(text)]).toEqual([text, []]);
  for (const text of [
    "select umoptions from pg_user_mappings",
    "table pg_user_mappings",
    "select m from pg_user_mappings m",
    "select m.*::text from pg_user_mappings m",
    "select srvname from pg_user_mappings where umoptions::text like '%a%'",
    "select 1 from pg_user_mappings order by umoptions",
    "select x from (select umoptions as x from pg_user_mappings) y",
    "with t as (select * from pg_user_mappings) select t from t",
    "select 1 from pg_user_mappings a natural join pg_user_mappings b",
    "insert into orders (note) select umoptions from pg_user_mappings",
    "declare c cursor for table pg_user_mappings",
    "copy (select umoptions from pg_user_mappings) to stdout",
    "prepare p as select umoptions from pg_user_mappings",
    "select o from mapped",
  ])
    expect([text, escapes(text)]).toEqual([text, ["credentials"]]);
  // Where the catalogue does not list its columns, all of it is one.
  expect(list(analyse("select srvname from pg_user_mappings"), "escapes")).toEqual(["credentials"]);
});
