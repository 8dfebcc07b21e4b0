import { expect, test } from "vitest";
import { analyse, list, routine, shop } from "../testing/fixture.js";

const unbounded = [
  "delete from orders",
  "delete from orders where true",
  "delete from orders where 1 = 1",
  "delete from orders where 'a' = 'a'",
  "delete from orders where not false",
  "delete from orders where id = id",
  "delete from orders where id <= orders.id or id = id",
  "delete from orders where id in (id)",
  "delete from orders where id in (1, id)",
  "delete from orders where id is not distinct from id",
  "delete from orders where note like note",
  "delete from orders where id = 1 or 1 = 1",
  "delete from orders where id = 1 or (id = 2 or true)",
  "delete from orders where not (id = 1 and false)",
  "delete from orders where exists (select 1)",
  "delete from orders where exists (select 1 from customers where customers.id = 1)",
  "delete from orders where (select count(*) from customers) > 0",
  "delete from orders where now() > '2000-01-01'",
  "delete from orders where $1",
  "delete from orders where random() < 2",
  "delete from orders using customers where customers.id = 1",
  "delete from orders where id between id and id",
  "delete from orders where id between symmetric id and id",
  "delete from orders where id = any (array[id, 1])",
  "delete from orders where id = all (array[id])",
  "delete from orders where id = +id",
  'delete from orders where note = note collate "C"',
  "delete from orders where id = (select orders.id)",
  "delete from orders where id in (select id)",
  "delete from orders where id in (select id from orders)",
  "delete from orders where id = any (select o.id from public.orders o)",
  "delete from orders where id = 1 or not id = 1",
  "delete from orders o using customers id where id.id = id.id",
  // What comes to true whatever is in the row.
  "delete from orders where true or note = 'x'",
  "delete from orders where not (id is null and id is not null)",
  "delete from orders where (id = id) is true",
  "delete from orders where (id <> id) is not true",
  "delete from orders where (id = id) = true",
  "delete from orders where (id = id)::boolean",
  "delete from orders where not (id <> id or false)",
  "delete from orders where (id is null) is not null",
  "delete from orders where (id is distinct from 1) is not null",
  "delete from orders where id = 1 or id <> 1",
  "delete from orders where id = 1 or note = 'x' or id <> 1",
  "delete from orders where id < 5 or id >= 5",
  "delete from orders where id != 5 or orders.id = 5",
  "delete from orders where note like 'a%' or note not like 'a%'",
  "delete from orders where id = 1 or not (id = 1)",
  "delete from orders where not (note = 'x') or note = 'x'",
  "delete from orders where id > 5 or (id <= 5 or note = '')",
  "delete from orders where id between id and id",
  "delete from orders where id between symmetric id and orders.id",
  "delete from orders where note like '%'",
  "delete from orders where note ilike '%%'",
  "delete from orders where note similar to '%'",
  "delete from orders where note ~ ''",
  "delete from orders where note ~* '^.*$'",
  "delete from orders where not (note !~ '.*')",
  "delete from orders where length(note) >= 0",
  "delete from orders where 0 <= char_length(note)",
  "delete from orders where pg_catalog.length(note) > -1",
  "delete from orders where not length(note) < 0",
  "delete from orders where position('x' in note) >= 0",
  "delete from orders where case when id = 1 then true else id = id end",
  "delete from orders where note like '%' and now() > '2000-01-01'",
  "delete from orders where length(note) >= 0 and id = id",
  // Every row finds itself.
  "delete from orders where id in (select id from orders)",
  "delete from orders where orders.id = any (select o.id from public.orders o)",
  "delete from only orders where id in (select id from orders)",
  "delete from orders where exists (select 1 from orders o where o.id = orders.id)",
  "delete from orders t where exists (select * from orders o where o.id = t.id and t.note = o.note)",
  "delete from orders o using orders p where o.id = p.id",
  "delete from orders using orders p where p.id = orders.id and orders.note = p.note",
];

test.each(unbounded)("no WHERE: %s", (text) => {
  expect(list(analyse(text), "noWhere")).toEqual(["delete"]);
});

const bounded = [
  "delete from orders where id = 1",
  "delete from orders where orders.id = $1",
  "delete from only orders o where o.id = 1 and true",
  "delete from orders where not (id = 1 or false)",
  "delete from orders where id in (select id from customers)",
  "delete from orders where exists (select 1 from customers c where c.id = customer_id)",
  "delete from orders using customers c where c.id = orders.customer_id",
  "delete from orders where note is null",
  "delete from orders where orders is null",
  "delete from orders where current of c",
  "delete from orders where id between 1 and 2",
  "delete from orders where id between id and 5",
  "delete from orders where id = any (array[1, 2])",
  "delete from orders where id = all (array[id, 2])",
  "delete from orders where id in (select id from orders where note = '')",
  "delete from orders where id in (select customer_id from orders)",
  "delete from orders where id = (select max(id) from orders)",
  "delete from orders where ctid = '(0,1)'",
  "delete from elsewhere where id = 1",
  // These look alike and choose, or nobody can tell from the text that they do not.
  "delete from orders where id is not null",
  "delete from orders where id > 0",
  "delete from orders where id = 1 or id <> 2",
  "delete from orders where id = 1 or customer_id <> 1",
  "delete from orders where id = 1 or not (id = 2)",
  "delete from orders where id = 1 and id <> 1",
  "delete from orders where id < 5 or id > 5",
  "delete from orders where note like 'a%'",
  "delete from orders where note like '_%'",
  "delete from orders where note not like '%'",
  "delete from orders where note like '%' escape '%'",
  "delete from orders where note like '%' and id = 1",
  "delete from orders where note ~ '^$'",
  "delete from orders where note ~ '.+'",
  "delete from orders where note similar to '%a'",
  "delete from orders where length(note) >= 1",
  "delete from orders where length(note) > 0",
  "delete from orders where length(note) = 0",
  "delete from orders where mine.length(note) >= 0",
  "delete from orders where (id = 1) is true",
  "delete from orders where (id = id) is unknown",
  "delete from orders where case when id = 1 then true else false end",
  "delete from orders where case when id = 1 then true end",
  "delete from orders where id between 1 and id",
  "delete from orders where id in (select id from orders limit 10)",
  "delete from orders where id in (select id from orders where note = 'x')",
  "delete from orders where id in (select customer_id from orders)",
  "delete from orders where id in (select id from only orders)",
  "delete from orders where id in (select distinct on (note) id from orders)",
  "delete from orders where id in (select max(id) from orders group by note)",
  "delete from orders where id in (select id from orders tablesample system (10))",
  "delete from orders where id > any (select id from orders)",
  "delete from orders where id not in (select id from orders)",
  "with orders as (select id from customers limit 1) delete from public.orders o where id in (select id from orders)",
  "delete from orders where exists (select 1 from orders o where o.customer_id = orders.id)",
  "delete from orders where exists (select generate_series(1, 0) from orders o where o.id = orders.id)",
  "delete from orders where exists (select 1 from orders o where o.id = orders.id and o.note = 'x')",
  "delete from orders o using orders p where o.id < p.id and o.note = p.note",
  "delete from orders o using orders p where o.id = p.id and p.note = 'x'",
  "delete from orders o using orders p where o.id = p.customer_id",
  "delete from orders o using orders p, customers c where o.id = p.id and c.id = p.customer_id",
  "delete from orders o using (select id from orders limit 1) p where o.id = p.id",
  "delete from orders o using orders p tablesample system (1) where o.id = p.id",
  "delete from orders o using orders p(id, note) where o.id = p.id",
];

test.each(bounded)("a WHERE: %s", (text) => {
  expect(list(analyse(text), "noWhere")).toEqual([]);
});

const elsewhere: readonly [text: string, verbs: string[]][] = [
  ["update orders set note = ''", ["update"]],
  ["update orders set note = '' from customers where customers.id = 1", ["update"]],
  ["update orders set note = '' where id = 1", []],
  ["update orders set note = '' where note like '%' or id = 1", ["update"]],
  ["update orders set note = '' from orders o where o.id = orders.id", ["update"]],
  ["update orders set note = o.note from customers o where o.id = orders.id", []],
  ["with d as (delete from orders returning 1) select * from d", ["delete"]],
  ["with recursive d as (update orders set note = '' returning 1) select 1", ["update"]],
  ["insert into customers select * from (with d as (delete from orders returning id) select id from d) x", ["delete"]],
  ["explain analyze delete from orders", ["delete"]],
  ["explain delete from orders", []],
  ["copy (delete from orders returning *) to stdout", ["delete"]],
  ["prepare p as delete from orders", ["delete"]],
  ["do $$ begin delete from orders; end $$", ["delete"]],
  ["select wipe()", ["delete"]],
  ["create table t as with d as (delete from orders returning *) select * from d", ["delete"]],
  ["merge into orders o using customers c on true when matched then delete", ["merge"]],
  ["merge into orders o using customers c on o.id = c.id when matched then delete", []],
  ["merge into orders o using customers c on o.id = c.id when not matched by source then delete", ["merge"]],
  ["merge into orders o using customers c on o.id = c.id when not matched by source and o.id = 1 then delete", []],
  ["delete from orders where id = 1; update orders set note = ''", ["update"]],
];

test.each(elsewhere)("%s", (text, verbs) => {
  expect(list(analyse(text), "noWhere")).toEqual(verbs);
});

test("what a function says is its own where somebody made one of that name", () => {
  const functions = [...shop.functions, routine({ id: 98, name: "length", body: "select 1" })];
  const given = { catalogue: { ...shop, functions } };
  expect(list(analyse("delete from orders where length(note) >= 0", given), "noWhere")).toEqual([]);
  expect(list(analyse("delete from orders where pg_catalog.length(note) >= 0", given), "noWhere")).toEqual(["delete"]);
});

test("a condition that nests as deep as it may is read at once", () => {
  const wide = Array.from({ length: 2_000 }, (_, at) => `id = ${at}`).join(" or ");
  const deep = `${"not (".repeat(150)}${wide}${")".repeat(150)}`;
  expect(list(analyse(`delete from orders where ${deep}`), "noWhere")).toEqual([]);
  expect(list(analyse(`delete from orders where ${deep} or id <> 7 or ${wide}`), "noWhere")).toEqual(["delete"]);
});
