import { expect, test } from "vitest";
import { analyse, list } from "../testing/fixture.js";

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
];

test.each(bounded)("a WHERE: %s", (text) => {
  expect(list(analyse(text), "noWhere")).toEqual([]);
});

const elsewhere: readonly [text: string, verbs: string[]][] = [
  ["update orders set note = ''", ["update"]],
  ["update orders set note = '' from customers where customers.id = 1", ["update"]],
  ["update orders set note = '' where id = 1", []],
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
