import { describe, expect, test } from "vitest";
import { analyse, columnsOf, list, routine, shop } from "./testing/fixture.js";

// Every trick that ever fooled a rule or a mask, here or elsewhere. This file only grows.

describe("a deletion is seen, however it is written", () => {
  test.each([
    "/**/DELETE/**/FROM/**/orders",
    "/* /* nested */ select 1; */ delete from orders",
    "--\ndelete from orders",
    "-- select 1\rdelete from orders",
    "select 1;delete from orders",
    ";;;delete from orders;;;",
    "select '--'; delete from orders",
    "select '/*'; delete from orders; select '*/'",
    "select 'it''s'; delete from orders",
    "select '\\'; delete from orders; --'",
    "select E'\\''; delete from orders; --'",
    "select e'\\\\'; delete from orders --'",
    "select $$'$$; delete from orders; select $$'$$",
    "select $a$ $b$ $a$; delete from orders; --$b$",
    "select \"'\" from customers; delete from orders; --'",
    "select U&'\\0027'; delete from orders",
    'delete from U&"\\006frders"',
    "delete from U&\"!006frders\" uescape '!'",
    'DELETE FROM "orders"',
    "dElEtE fRoM ORDERS",
    "delete\u000bfrom\forders",
    "with x as (delete from orders returning 1) select 1",
    "with x as (select 1), y as (delete from orders) select * from x",
    "select * from customers where id in (with x as (delete from orders returning id) select id from x)",
    "explain analyze delete from orders",
    "explain (costs off, analyze) delete from orders",
    "explain (analyze true, verbose) with x as (delete from orders returning 1) select 1",
    "explain analyze execute d",
    "prepare d as delete from orders",
    "execute d",
    "begin; delete from orders; commit",
    "copy (delete from orders returning *) to stdout",
    "create table t as execute d",
    "do $$ begin delete from orders; end $$",
    "do $a$ begin if true then loop delete from orders; end loop; end if; end $a$",
    "do $$ begin begin null; exception when others then delete from orders; end; end $$",
    "do $$ declare x int := wipe(); begin null; end $$",
    "do $$ begin case 1 when 1 then delete from orders; end case; end $$",
    "do 'begin delete from orders; end'",
    "do E'begin delete from orders; end'",
    "select wipe()",
    "select wipe() from customers where false",
    "select coalesce(1, wipe())",
    "select case when false then wipe() end",
    "select * from generate_series(1, wipe())",
    "select 1 from customers join orders on wipe() = 1",
    "values (wipe())",
    "call wipe()",
    "select array[wipe()]",
    "select row(wipe())",
    "select count(*) filter (where wipe() = 1) from customers",
    "select sum(1) over (order by wipe()) from customers",
    "select 1 group by wipe()",
    "select orders.wipe from orders",
    "select o.wipe from orders o",
    "table orders; delete from orders",
    "declare c cursor for with x as (delete from orders returning 1) select * from x",
    // A condition that says nothing.
    "delete from orders where length(note) >= 0",
    "delete from orders where note like '%'",
    "delete from orders where (id = id) is true",
    "delete from orders where id = 1 or id <> 1",
    "delete from orders where id = 1 or (note = 'x' or not (id = 1))",
    "delete from orders where id in (select id from orders)",
    "delete from orders where exists (select 1 from orders o where o.id = orders.id)",
    "delete from orders o using orders p where o.id = p.id",
  ])("%s", (text) => {
    const analysis = analyse(text, { context: { prepared: new Map([["d", "delete from orders"]]) } });
    expect(analysis.effects.some((effect) => effect === "write" || effect === "unknown")).toBe(true);
    if (!analysis.effects.includes("unknown")) expect(list(analysis, "noWhere")).toContain("delete");
  });
});

describe("what cannot be read the way the server reads it is unknown", () => {
  test.each([
    ["select 1\u0000; drop table orders", {}],
    ["select '\ud800'", {}],
    ["select 'a", {}],
    ["select /* 1", {}],
    ["select $a$ 1", {}],
    ["ѕelect 1", {}],
    ["dеlete from orders", {}],
    ["select 1\u037e delete from orders", {}],
    ["select\u00a0* from customers", {}],
    ["selec 1", {}],
    ["select 1", { standard_conforming_strings: "off" }],
    ["select 1", { standard_conforming_strings: "sure" }],
    ["select 1", { client_encoding: "SJIS" }],
    ["select 1", { client_encoding: "shift_jis_2004" }],
    ["select 1", { client_encoding: "BIG5" }],
    ["select 1", { client_encoding: "GBK" }],
    ["select 1", { client_encoding: "GB18030" }],
    ["select 1", { client_encoding: "UHC" }],
    ["select 1", { client_encoding: "JOHAB" }],
    ["select 1", { client_encoding: "" }],
    ["set names 'gbk'", {}],
    ["set client_encoding to johab", {}],
    ["set standard_conforming_strings to off", {}],
    ["set local standard_conforming_strings to 'of'", {}],
    ["select set_config('client_encoding', 'big5', false)", {}],
    ["select set_config('standard' || '_conforming_strings', 'off', false)", {}],
  ])("%j %j", (text, settings) => {
    expect(analyse(text, { context: { settings } }).effects).toContain("unknown");
  });
});

describe("a value that leaves otherwise than as its own column is said", () => {
  test.each([
    "select upper(email) from customers",
    "select email || '' from customers",
    "select row_to_json(c) from customers c",
    "select c::text from customers c",
    "select c from customers c",
    "select customers from customers",
    "select array_agg(email) from customers",
    "select string_agg(email, ',') from customers",
    "select min(email), max(email) from customers",
    "select json_build_object('a', email) from customers",
    "select mail from mails",
    "select shout from people",
    "select * from people",
    "select mail_of(1)",
    "select m from mail_list('x') m",
    "with x as (select lower(email) l from customers) select l from x",
    "select email from customers union select 'x'",
    "select 'x' union all select email from customers",
    "select email from customers except select 'x'",
    "select x.y from customers c, lateral (select c.email || '' as y) x",
    "select (select c.email) from customers c",
    "select (select string_agg(z, '') from unnest(array[c.email]) z) from customers c",
    "select a.email::varchar(3), a.* from customers a",
    "insert into customers(id) values (1) returning email || ''",
    "update customers set id = 1 where id = 1 returning row(customers.*)",
    "delete from customers where id = 1 returning (select c2.email from customers c2)",
    "copy (select email || '' from customers) to stdout",
    "declare c cursor for select lower(email) from customers",
    "select hashtext(email) from customers",
    "select case when true then email end from customers",
    "select email is null from customers",
    "select email = 'x' from customers",
    "select greatest(email, '') from customers",
    "select coalesce(email, '') from customers",
    "select (array[email])[1] from customers",
    "select nullif(email, '') from customers",
    "select email::int from customers",
    "select x from customers, xmltable('/a' passing (email::xml) columns x text path 'b')",
    "select t.* from (select c.* from customers c) as s(a, b, d, e), lateral (select upper(s.d)) t",
    "select format('%s', t) from customers t",
    "select jsonb_build_object('a', t) from (select * from customers) t",
    "select to_json(t) from (select email as x from customers) t",
    "select t from (select email as x from customers) t",
    "select first_value(email) over () from customers",
    // Places of columns behind a function, a merged join, an unlisted star.
    "select upper(t.d) from (generate_series(1, 2) as g cross join customers) as t(a, b, c, d)",
    "select x.e || '' from (select * from orders join customers using (id)) as x(a, b, c, d, e)",
    "with x(a, b, c) as (select * from customers natural join orders) select lower(c) from x",
    "select * from customers natural join orders union select 1, 'a', 'b', 'c', 'd', 'e'",
    "select grp from (select email as grp, count(*) from customers group by email) s(grp, n) union select 'x'",
  ])("%s", (text) => {
    expect(columnsOf(text)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(customers|mails|people)\.(email|\*|mail|shout) computed$/)]),
    );
  });
});

describe("a value that is carried elsewhere is said", () => {
  test.each([
    "select set_config('application_name', (select email from customers limit 1), false)",
    "select set_config('application_name', email, true) from customers",
    "select pg_notify('c', email) from customers",
    "select nextval(email) from customers",
    "select lo_from_bytea(0, convert_to) from (select email::bytea from customers) x(convert_to)",
    "select pg_advisory_lock(hashtext(email)) from customers",
    "select pg_sleep(length(email)) from customers",
    "insert into orders(note) select email from customers",
    "insert into orders(note) values ((select email from customers limit 1))",
    "insert into orders(note) select upper(l) from (select lower(email) l from customers) x",
    "with x as (insert into orders(note) select email from customers returning 1) select 1",
    "update orders set note = (select email from customers limit 1) where id = 1",
    "update orders set (note, id) = (select email, id from customers limit 1) where id = 1",
    "update customers set name = email where id = 1",
    "insert into orders(id) values (1) on conflict (id) do update set note = (select email from customers)",
    "create table t as select email from customers",
    "create temp table t as select * from customers",
    "create materialized view t as select email from customers",
    "create view t as select * from customers",
    "select email into temp t from customers",
    "select email into t from customers union select 'x'",
    "copy (select email from customers) to program 'cat'",
    "copy customers to '/tmp/x'",
    "merge into orders o using customers c on o.id = c.id when not matched then insert (note) values (c.email)",
    "select shouts()",
    "select copies()",
    "do $$ declare v text; begin select email into v from customers; raise notice '%', v; end $$",
    "do $$ declare r record; begin for r in select * from customers loop raise notice '%', r.email; end loop; end $$",
    "do $$ begin perform set_config('a', (select email from customers), false); end $$",
    "do $$ begin assert false, (select email from customers); end $$",
    "select dblink('x', email) from customers",
  ])("%s", (text) => {
    const analysis = analyse(text);
    const sunk = analysis.columns.some((column) => column.relation === 1 && column.use === "sink");
    expect(sunk || analysis.effects.includes("unknown"), JSON.stringify(analysis.columns)).toBe(true);
  });
});

test("what decides about rows is said", () => {
  for (const text of [
    "select id from customers where ssn like '1%'",
    "select 1 from orders join customers c on c.ssn = orders.note",
    "select id from customers order by ssn",
    "select count(*) from customers group by ssn",
    "select 1 from customers having max(ssn) > '1'",
    "select id from orders where exists (select 1 from customers where ssn = '1')",
    "select distinct on (ssn) id from customers",
    "update orders set note = '' where id = (select id from customers where ssn = '1')",
    "delete from orders using customers where ssn = note and orders.id = 1",
    "select id from customers natural join (select ssn from customers) x",
    "explain select 1 from customers where ssn = '1'",
    "select id from customers tablesample bernoulli (length((select ssn from customers)))",
    "select id from customers limit (select length(ssn) from customers)",
    "select rank() over (partition by ssn) from customers",
    "select rank() over w from customers window w as (order by ssn)",
  ])
    expect(columnsOf(text), text).toEqual(
      expect.arrayContaining([expect.stringMatching(/^customers\.(ssn|\*) predicate$/)]),
    );
});

test("relations that show values of others are opaque", () => {
  for (const text of [
    "select most_common_vals from pg_stats",
    "select * from pg_catalog.pg_statistic",
    "select query from pg_stat_activity",
    "select data from pg_largeobject",
    "select * from pg_toast.pg_toast_16384",
    "fetch all from c",
    "select * from my_temp_table",
  ])
    expect(analyse(text).opaque, text).toBe(true);
});

test("a view whose definition does not read what the server says it reads is every column of what it reads", () => {
  const lying = shop.relations.map((each) =>
    each.name === "mails" ? { ...each, definition: "select id, name from elsewhere" } : each,
  );
  expect(columnsOf("select customer from mails", { catalogue: { ...shop, relations: lying } })).toContain(
    "customers.* computed",
  );
  const broken = shop.relations.map((each) => (each.name === "mails" ? { ...each, definition: "not sql" } : each));
  expect(columnsOf("select customer from mails", { catalogue: { ...shop, relations: broken } })).toContain(
    "customers.* computed",
  );
  const hidden = shop.relations.map((each) => (each.name === "mails" ? { ...each, definition: null } : each));
  expect(analyse("select customer from mails", { catalogue: { ...shop, relations: hidden } }).opaque).toBe(true);
});

test("a view that calls a function that writes is a write", () => {
  const calling = shop.relations.map((each) =>
    each.name === "mails" ? { ...each, definition: "select id, (select wipe())::text from customers" } : each,
  );
  expect(analyse("select * from mails", { catalogue: { ...shop, relations: calling } }).effects).toContain("write");
});

test("a function that shadows one of the system's in a schema of the path is called too", () => {
  const functions = [...shop.functions, routine({ id: 99, name: "lower", body: "delete from orders; select $1" })];
  expect(analyse("select lower('a')", { catalogue: { ...shop, functions } }).effects).toContain("write");
});
