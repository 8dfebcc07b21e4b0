import { expect, test } from "vitest";
import type { Catalogue } from "../../vocabulary/index.js";
import { analyse, analysed, list, orders, routine, shop } from "../testing/fixture.js";

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
  "delete from orders where id in (select distinct id from orders order by id)",
  "delete from orders where (id, note) in (select id, note from orders)",
  "delete from orders where id in (select id from orders o where o.id = o.id)",
  "delete from orders where id in (select x.id from (select id, 1 from orders) x)",
  "delete from orders where exists (select 1 from orders o where o.id <= orders.id)",
  "delete from orders where exists (select 1 from orders o where o.id = orders.id and o.note is not distinct from note)",
  "delete from orders o using orders p where o.id = p.id and true",
  "delete from orders o using orders p where o.id >= p.id",
  "delete from orders o using orders p where o.id = p.id or o.note = 'x'",
  "delete from orders o using (select id from orders) p where o.id = p.id",
  "delete from orders o using (select note, id as x from orders) p where o.id = p.x",
  "delete from orders o using (table orders) p where p.id = o.id",
  "with p as (select id from orders) delete from orders o using p where o.id = p.id",
  "with p as materialized (select id from orders), q as (select * from p) delete from orders where id in (select id from q)",
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
  "delete from orders o using orders p where o.id > p.id",
  "delete from orders o using (select id from orders where note = '') p where o.id = p.id",
  "delete from orders o using (select distinct on (note) id from orders) p where o.id = p.id",
  "delete from orders o using (select customer_id as id from orders) p where o.id = p.id",
  "delete from orders o using (select id from orders) p(x) where o.id = p.x",
  "delete from orders where (id, note) in (select note, id from orders)",
  "delete from orders where exists (select 1 from orders o where o.id < orders.id)",
  "delete from orders where exists (select 1 from orders o where o.id = orders.id and o.id = (select max(id) from orders))",
  "with p as (select id from orders where note = '') delete from orders o using p where o.id = p.id",
  "with p as (select id from orders limit 1) delete from orders where id in (select id from p)",
  "with p as (select id from orders), orders as (select 1 as id) delete from orders o using p where o.id = p.id and o.id = 1",
  "with orders as (select id from customers), p as (select id from orders) delete from public.orders o using p where o.id = p.id",
  "with recursive p as (select id from orders) delete from orders o using p where o.id = p.id",
  // Nobody knows of what types these are.
  "delete from orders where id = id + 0",
  "delete from orders where id - id = 0",
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
  ["merge into orders o using orders p on o.id = p.id when matched then update set note = ''", ["merge"]],
  ["merge into orders o using (select id from orders) p on o.id = p.id when matched then delete", ["merge"]],
  ["with p as (table orders) merge into orders o using p on o.id = p.id when matched then delete", ["merge"]],
  ["merge into orders o using orders p on o.id = p.id when matched and o.note = 'x' then delete", []],
  ["merge into orders o using orders p on o.id = p.id when matched and 1 = 1 then delete", ["merge"]],
  ["merge into orders o using orders p on o.id = p.id when not matched then insert values (1)", []],
  ["merge into orders o using orders p on o.id = p.customer_id when matched then delete", []],
  ["merge into orders o using customers c on true when matched and o.id = 1 then delete", []],
  ["merge into orders o using customers c on true when matched and c.id = 1 then delete", ["merge"]],
  ["merge into orders o using customers c on false when not matched then insert values (c.id)", []],
  ["insert into orders select * from orders on conflict (id) do update set note = ''", ["update"]],
  ["insert into orders table orders on conflict (id) do update set note = '' where true", ["update"]],
  ["insert into orders (note, id) select 'x', id from orders on conflict (id) do update set note = ''", ["update"]],
  ["insert into orders select * from orders on conflict on constraint orders_pkey do update set note = ''", ["update"]],
  [
    "with p as (select * from orders) insert into orders select * from p on conflict (id) do update set note = ''",
    ["update"],
  ],
  ["insert into orders select * from orders on conflict (id) do nothing", []],
  ["insert into orders select * from orders on conflict (id) do update set note = '' where orders.id = 1", []],
  ["insert into orders select * from orders where id = 1 on conflict (id) do update set note = ''", []],
  ["insert into orders select * from orders limit 1 on conflict (id) do update set note = ''", []],
  ["insert into orders (id) select customer_id from orders on conflict (id) do update set note = ''", []],
  ["insert into orders (id) select id from orders on conflict on constraint odd do update set note = ''", []],
  ["insert into orders select * from customers on conflict (id) do update set note = ''", []],
  ["insert into orders values (1, 2, 'x') on conflict (id) do update set note = excluded.note", []],
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

/** `orders` with numbers: `id` is never NULL, and neither is it in what inherits from it. */
const numbered = (child = true): Catalogue => {
  const columns = (notNull: boolean) => [
    { number: 1, name: "id", typeId: 23, ...(notNull ? { notNull: true as const } : {}) },
    { number: 2, name: "customer_id", typeId: 20 },
    { number: 3, name: "note", typeId: 25 },
    { number: 4, name: "price", typeId: 1700 },
    { number: 5, name: "rate", typeId: 701 },
  ];
  const known = shop.relations.find(({ id }) => id === orders)!;
  const heir = { ...known, id: 60, name: "orders_old", parents: [orders], triggers: [], columns: columns(child) };
  const relations = shop.relations.map((each) => (each === known ? { ...known, columns: columns(true) } : each));
  return { ...shop, relations: [...relations, heir] };
};

test.each([
  "id is not null",
  "orders.id is not null",
  "not (id is null)",
  "(id is null) is false",
  "id is distinct from null",
  "coalesce(customer_id, id) is not null",
  "id is not null and note like '%'",
  "id = id + 0",
  "id + 0 = orders.id",
  "id = id - 0",
  "id = id * 1",
  "id = 1 * id / 1",
  "id - id = 0",
  "0 = id - id",
  "id * 0 = 0",
  "id = -(-id)",
  "id + 1 > id",
  "id < id + 1",
  "id <> id + 1",
  "not (id = id + 1)",
  "id + customer_id = customer_id + id",
  "2 * (id + 1) = id + id + 2",
  "id * customer_id - customer_id * id = 0",
  "id * id >= 0",
  "id * id >= 0 or note = 'x'",
  "id * id + 1 > 0",
  "-(id * id) <= 0",
  "abs(id) >= 0",
  "abs(id) + length(note) > -1",
  "id between id - 1 and id + 1",
  "id not between id + 1 and id + 2",
  "id in (5, id + 0)",
  "id = any (array[id * 1, 7])",
  "id is not distinct from id + 0",
  "id is distinct from id + 1",
  "id::numeric = id + 0.0",
  "price = price + 0.00",
  "price - price = 0",
  "coalesce(customer_id, 0) = customer_id",
  "id | 0 = id",
  "id & 0 = 0",
  "id # 0 = id",
  "(select id + 0) = id",
])("arithmetic, or what is never NULL, chooses nothing: %s", (condition) => {
  const found = analyse(`delete from orders where ${condition}`, { catalogue: numbered() });
  expect(list(found, "noWhere")).toEqual(["delete"]);
});

test.each([
  "customer_id is not null",
  "id is null",
  "id = id + 1",
  "id = 5 + 0",
  "id > 0",
  "id - 1 >= 0",
  "id * 2 = 4",
  "id + customer_id = 0",
  "id * customer_id >= 0",
  "id * id > 0",
  "id * id * id >= 0",
  "abs(id) > 0",
  "abs(id) - 1 >= 0",
  "abs(id) - abs(customer_id) >= 0",
  "id % 2 = 0",
  "id / 2 = 0",
  "id = id::int2",
  "price::int = price",
  "price::numeric(3, 1) = price",
  "rate - rate = 0",
  "note || '' = note",
  "id + $1 = id",
  "id between 1 and id + 1",
  "id not between id - 1 and id + 1",
  "id operator(mine.+) 0 = id",
  "id in (select id + 0 from orders)",
  "(id - 3) * (id - 3) >= 0",
])("these choose, or nobody can tell: %s", (condition) => {
  const found = analyse(`delete from orders where ${condition}`, { catalogue: numbered() });
  expect(list(found, "noWhere")).toEqual([]);
});

test("a column that may be NULL in what inherits from the table may leave rows out", () => {
  expect(list(analyse("delete from orders where id is not null", { catalogue: numbered(false) }), "noWhere")).toEqual(
    [],
  );
});

test("of a joined relation a NOT NULL says nothing", () => {
  const said = (text: string) => list(analyse(text, { catalogue: numbered() }), "noWhere");
  expect(said("delete from customers c using orders o where o.id is not null and c.id = 1")).toEqual([]);
  expect(said("delete from orders o using customers c where o.id is not null")).toEqual(["delete"]);
  expect(
    said("delete from customers c using orders o right join orders p on true where o.id is null and c.id = 1"),
  ).toEqual([]);
});

test("an analysis in which arithmetic had a say is not that of another literal", () => {
  const shared = (condition: string) =>
    analysed(`delete from orders where ${condition}`, { catalogue: numbered() }).shareable;
  for (const condition of ["id = id + 5", "id - id = 7", "id * 3 = 0", "length(note) >= 5", "id in (1, id + 2)"])
    expect([condition, shared(condition)]).toEqual([condition, false]);
  for (const condition of ["id = 5", "id in (1, 2)", "id between 1 and 9", "-7 < customer_id", "id is not null"])
    expect([condition, shared(condition)]).toEqual([condition, true]);
});

test("arithmetic that multiplies out to more than anybody wants to read is left alone", () => {
  const power = Array.from({ length: 40 }, () => "(id + customer_id + price + 1)").join(" * ");
  const started = analyse(`delete from orders where ${power} = ${power} + 1`, { catalogue: numbered() });
  expect(list(started, "noWhere")).toEqual([]);
});
