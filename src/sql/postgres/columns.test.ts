import { expect, test } from "vitest";
import { analyse, columnsOf, customers, events, eventsJune } from "../testing/fixture.js";

const uses: readonly [text: string, columns: string[]][] = [
  ["select email from customers", ["customers.email output"]],
  ["select c.email as id from public.customers c", ["customers.email output"]],
  ["select public.customers.email from customers", ["customers.email output"]],
  ["select upper(email) from customers", ["customers.email computed"]],
  ["select email || '' from customers", ["customers.email computed"]],
  ["select email::text from customers", ["customers.email computed"]],
  ["select c from customers c", ["customers.* computed"]],
  ["select c.*::text from customers c", ["customers.* computed"]],
  ["select row(c.*) from customers c", ["customers.* computed"]],
  ["select row_to_json(customers) from customers", ["customers.* computed"]],
  ["select (c).email from customers c", ["customers.email output"]],
  ["select (row(c.*)).f1 from customers c", ["customers.* computed"]],
  ["select (select email from customers limit 1)", ["customers.email computed"]],
  ["select array(select email from customers)", ["customers.email computed"]],
  ["select exists (select email from customers)", ["customers.email predicate"]],
  ["select id from customers where ssn like '1%'", ["customers.id output", "customers.ssn predicate"]],
  ["select id from customers order by email", ["customers.email predicate", "customers.id output"]],
  [
    "select id, email from customers order by 2",
    ["customers.email output", "customers.email predicate", "customers.id output"],
  ],
  ["select count(*) from customers group by email", ["customers.email predicate"]],
  ["select distinct email from customers", ["customers.email output", "customers.email predicate"]],
  ["select email e from customers order by e", ["customers.email output", "customers.email predicate"]],
  ["select sum(id) over (order by ssn) from customers", ["customers.id computed", "customers.ssn predicate"]],
  ["select count(*) filter (where ssn = '1') from customers", ["customers.ssn predicate"]],
  ["select string_agg(name, ',' order by ssn) from customers", ["customers.name computed", "customers.ssn predicate"]],
  ["select max(email) from customers having min(ssn) > '1'", ["customers.email computed", "customers.ssn predicate"]],
  // Through subqueries, queries of WITH and set operations.
  ["select e from (select email as e from customers) s", ["customers.email output"]],
  ["select x.a from (select email, ssn from customers) x(a, b)", ["customers.email output"]],
  ["select s from (select email, ssn from customers) s", ["customers.email computed", "customers.ssn computed"]],
  ["select lower from (select lower(email) from customers) s", ["customers.email computed"]],
  ["select x from (select case when true then email end from customers) s(x)", ["customers.email computed"]],
  ['select "case" from (select case when true then email end from customers) s', ["customers.email computed"]],
  ["with t as (select email from customers) select email from t", ["customers.email output"]],
  ["with t(a) as (select email from customers) select upper(a) from t", ["customers.email computed"]],
  ["with t as (select ssn from customers) select 1 from t", []],
  [
    "select id from customers union all select email from customers",
    ["customers.email computed", "customers.id computed"],
  ],
  [
    "with recursive t(n, m) as (select id, email from customers union all select m, n from t) select n from t",
    ["customers.email computed", "customers.id computed"],
  ],
  [
    "with recursive b as (select * from a), a as (select email from customers) select * from b",
    ["customers.email output"],
  ],
  [
    "select t.email from orders o, lateral (select email from customers c where c.id = o.customer_id) t",
    ["customers.email output", "customers.id predicate", "orders.customer_id predicate"],
  ],
  ["select v from customers c, lateral (values (c.email)) t(v)", ["customers.email computed"]],
  ["select x from customers c, unnest(array[c.email]) x", ["customers.email computed"]],
  [
    "select x.v from customers c, jsonb_populate_record(null::customers, to_json(c)) x",
    ["customers.* computed", "customers.* predicate"],
  ],
  // Joins.
  [
    "select email from customers join orders on orders.customer_id = customers.id",
    ["customers.email output", "customers.id predicate", "orders.customer_id predicate"],
  ],
  [
    "select id from customers join orders using (id)",
    ["customers.id computed", "customers.id predicate", "orders.id computed", "orders.id predicate"],
  ],
  [
    "select j.email from (customers join orders using (id)) j",
    ["customers.email output", "customers.id predicate", "orders.id predicate"],
  ],
  // Writes.
  ["insert into orders(note) select email from customers", ["customers.email sink", "orders.note target"]],
  ["insert into orders(note) values ((select email from customers))", ["customers.email sink", "orders.note target"]],
  [
    "insert into customers(id, email) values (1, 'x') returning email, upper(ssn)",
    ["customers.email output", "customers.email target", "customers.id target", "customers.ssn computed"],
  ],
  [
    "insert into customers values (1) on conflict (id) do update set name = excluded.email",
    ["customers.* target", "customers.email sink", "customers.id predicate", "customers.name target"],
  ],
  [
    "update orders set note = c.email from customers c where c.id = orders.id",
    ["customers.email sink", "customers.id predicate", "orders.id predicate", "orders.note target"],
  ],
  [
    "update customers set email = lower(email) where id = 1",
    ["customers.email presence", "customers.email target", "customers.id predicate"],
  ],
  [
    "insert into customers(id) values (1) on conflict (email) do nothing",
    ["customers.email predicate", "customers.id target"],
  ],
  [
    "delete from customers where id = 1 returning *",
    [
      "customers.email output",
      "customers.id output",
      "customers.id predicate",
      "customers.name output",
      "customers.ssn output",
    ],
  ],
  [
    "update customers set name = 'x' where id = 1 returning old.email",
    ["customers.email computed", "customers.id predicate", "customers.name target"],
  ],
  [
    "merge into orders o using customers c on o.id = c.id when matched then update set note = c.email",
    ["customers.email sink", "customers.id predicate", "orders.id predicate", "orders.note target"],
  ],
  // Carriers.
  [
    "select set_config('application_name', (select email from customers), false)",
    ["customers.email computed", "customers.email sink"],
  ],
  ["select pg_notify('x', email) from customers", ["customers.email computed", "customers.email sink"]],
  ["select setval('s', id) from customers", ["customers.id computed", "customers.id sink"]],
  [
    "select lo_from_bytea(0, email::bytea) from customers",
    ["customers.email computed", "customers.email predicate", "customers.email sink"],
  ],
  ["select pg_advisory_lock(id) from customers", ["customers.id computed", "customers.id sink"]],
  ["select pg_sleep(id) from customers", ["customers.id computed", "customers.id sink"]],
  // What fails for some values tells which.
  ["select 1 / (length(email) - 97) from customers", ["customers.email computed", "customers.email predicate"]],
  ["select email::int from customers", ["customers.email computed", "customers.email predicate"]],
  ["select upper(email) || lower(email), length(email) from customers", ["customers.email computed"]],
  ["select id * 2000000 from customers", ["customers.id computed", "customers.id predicate"]],
  ["create table t as select email from customers", ["customers.email sink"]],
  ["select email into t from customers", ["customers.email sink"]],
  ["create view x as select ssn from customers", ["customers.ssn sink"]],
  ["copy (select email from customers) to '/tmp/x'", ["customers.email sink"]],
  ["copy customers (email) to program 'cat'", ["customers.email sink"]],
  ["alter table customers add column e text generated always as (email) stored", ["customers.email sink"]],
  // Views carry what they are made of.
  ["select mail from mails", ["customers.email computed", "mails.mail computed"]],
  ["select customer from mails", ["customers.id computed", "mails.customer computed"]],
  ["select shout from people", ["customers.email computed", "mails.mail computed", "people.shout computed"]],
  // A partition and its parent are one.
  ["select email from events", ["events.email output", "events_june.email output"]],
  ["select email from events_june", ["events.email output", "events_june.email output"]],
  // Functions.
  ["select mail_list('x')", ["customers.email computed", "customers.name predicate"]],
  ["select mail_of(1)", ["customers.email computed", "customers.id predicate"]],
  ["select * from mail_list('x')", ["customers.email computed", "customers.name predicate"]],
  ["select shouts()", ["customers.ssn sink"]],
  ["select copies()", ["customers.ssn sink", "orders.note target"]],
  // What cannot be resolved is known by its name.
  ["select nobody from customers", ["?.nobody computed"]],
  ["select email from elsewhere", ["?.email computed"]],
  ["select * from elsewhere", ["?.* computed"]],
];

test.each(uses)("%s", (text, columns) => {
  expect(columnsOf(text)).toEqual([...columns].sort());
});

test("what EXPLAIN selects does not leave, and what its conditions compare with decides", () => {
  expect(columnsOf("explain select email from customers where ssn = '1'")).toEqual([
    "customers.email presence",
    "customers.ssn predicate",
  ]);
});

test("how many rows a function gives says what it was given", () => {
  const decides = (text: string): boolean => columnsOf(text).includes("customers.email predicate");
  for (const rows of [
    "generate_series(1, ascii(email))",
    "unnest(string_to_array(email, 'a'))",
    "unnest(array[string_to_array(email, 'a')])",
    "regexp_matches(email, '^a')",
    "string_to_table(email, '')",
    "jsonb_path_query(to_jsonb(email), '$ ? (@ starts with \"a\")')",
    "upper(regexp_split_to_table(email, 'a'))",
  ]) {
    expect([rows, decides(`select id, ${rows} from customers`)]).toEqual([rows, true]);
    expect([rows, decides(`select id from customers c, lateral (select ${rows}) x`)]).toEqual([rows, true]);
  }
  expect(decides("select c.id from customers c, generate_series(1, ascii(c.email))")).toBe(true);
  expect(decides("select count(*) from customers c, unnest(string_to_array(c.email, 'a')) u")).toBe(true);
  expect(
    decides("select id from customers, xmltable('/a' passing xmlparse(content email) columns v text path '.') x"),
  ).toBe(true);
  expect(decides("select upper(email), generate_series(1, id), unnest(array[email, name]) from customers")).toBe(false);
});

test("a natural join with columns that nobody can list may compare any of the others", () => {
  const decides = (text: string): boolean => columnsOf(text).includes("customers.email predicate");
  const table = "xmltable('/a' passing xmlparse(content '<a/>') columns email text path 'e') x";
  expect(decides(`select count(*) from customers natural join ${table}`)).toBe(true);
  expect(decides(`select count(*) from ${table} natural left join customers`)).toBe(true);
  expect(decides("select id from customers natural join (select * from elsewhere) e")).toBe(true);
  expect(decides("select id from customers natural join pg_get_keywords() k")).toBe(false);
});

test("COPY of a relation lists its columns in order", () => {
  expect(analyse("copy customers (ssn, id) to stdout").copy).toEqual([
    { relation: customers, column: 4 },
    { relation: customers, column: 1 },
  ]);
  expect(analyse("copy customers to stdout (format binary)").copy).toHaveLength(4);
  expect(analyse("copy customers from stdin").copy).toBeNull();
});

test("COPY of a query gives its text", () => {
  expect(analyse("copy (select ')' as \")\", email /* ) */ from customers) to stdout").copyQuery).toBe(
    "select ')' as \")\", email /* ) */ from customers",
  );
  expect(analyse("copy (select 1) to '/tmp/x'").copyQuery).toBeNull();
  expect(analyse("select 1; copy (select 1) to stdout").copyQuery).toBeNull();
});

test("reach goes through views, functions, policies and partitions", () => {
  expect(analyse("select * from people").reach).toEqual([1, 3, 6]);
  expect(analyse("select mail_of(1)").reach).toEqual([1]);
  expect(analyse("select * from salaries").reach).toEqual([1, 8]);
  expect(analyse("select * from events").reach).toEqual([events, eventsJune]);
});

test("the search path decides which relation is meant", () => {
  expect(analyse("select * from customers", { context: { searchPath: 'private, "public"' } }).reach).toEqual([7]);
  expect(analyse("select * from customers", { context: { searchPath: '"$user", public' } }).reach).toEqual([1]);
  expect(analyse("select pathless()").reach).toEqual([7]);
});

test("resources are named as the target resolves them", () => {
  const resources = analyse("select email from customers where id = 1").resources.map(
    ({ kind, name, access }) => `${kind} ${name} ${access}`,
  );
  expect(resources.sort()).toEqual([
    "column public.customers.email read",
    "column public.customers.id read",
    "relation public.customers read",
  ]);
  expect(analyse("select * from pg_temp.x").resources).toEqual(
    expect.arrayContaining([{ kind: "relation", name: "pg_temp.x", access: "read" }]),
  );
  expect(analyse("select * from x").resources).toEqual(
    expect.arrayContaining([{ kind: "relation", name: "?.x", access: "read" }]),
  );
  expect(analyse("drop table private.customers").resources).toEqual([
    { kind: "relation", name: "private.customers", access: "destroy" },
  ]);
});
