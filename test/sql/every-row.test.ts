import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCatalogue } from "../../src/protocols/postgres/operate/read-catalogue.js";
import { analyse, list } from "../../src/sql/testing/fixture.js";
import type { Catalogue } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

/** Statements that are said to have no WHERE, whatever stands there: each must change every row of `orders`. */
const every: readonly string[] = [
  "delete from orders where id is not null",
  "delete from orders where not (id is null)",
  "update orders set note = '' where id is distinct from null",
  "delete from orders where id = id + 0 and price - price = 0",
  "delete from orders where id * 0 = 0",
  "delete from orders where id < id + 1",
  "delete from orders where abs(id) >= 0 or note = 'x'",
  "delete from orders where big * big >= 0",
  "delete from orders where id in (select distinct id from orders order by id)",
  "delete from orders where (id, note) in (select id, note from orders)",
  "delete from orders where exists (select 1 from orders o where o.id <= orders.id)",
  "delete from orders o using orders p where o.id = p.id and true",
  "delete from orders o using orders p where o.id >= p.id",
  "delete from orders o using (select note, id as x from orders) p where o.id = p.x",
  "with p as (select id from orders), q as (select * from p) delete from orders where id in (select id from q)",
  "update orders set note = o.note from orders o where o.id = orders.id",
  "merge into orders o using orders p on o.id = p.id when matched then update set note = ''",
  "merge into orders o using (select id from orders) p on o.id = p.id when matched then delete",
  "merge into orders o using customers c on true when matched then update set note = ''",
  "insert into orders select * from orders on conflict (id) do update set note = ''",
  "insert into orders (note, id, big) select 'x', id, 0 from orders on conflict (id) do update set note = ''",
  "insert into orders select * from orders on conflict on constraint orders_pkey do update set note = '' where true",
  "with p as (table orders) insert into orders select * from p on conflict (id) do update set note = ''",
];

/** Ordinary statements that look alike, and change some rows. */
const some: readonly string[] = [
  "delete from orders where id = 3",
  "delete from orders where parent is not null",
  "delete from orders where id - 3 = 0",
  "delete from orders where id * id = 9",
  "delete from orders where id in (select id from orders where note = 'a')",
  "delete from orders where id in (select id from orders order by id limit 2)",
  "delete from orders o using orders p where o.parent = p.id",
  "delete from orders o using orders p where o.id < p.id and o.note = p.note",
  "with p as (select id from orders where parent is null) delete from orders o using p where o.id = p.id",
  "update orders set note = '' from customers c where c.id = orders.id",
  "merge into orders o using customers c on o.id = c.id when matched then delete",
  "merge into orders o using orders p on o.id = p.id when matched and o.note = 'a' then update set note = ''",
  "merge into orders o using customers c on true when matched and o.id = c.id then delete",
  "insert into orders select * from orders where id = 1 on conflict (id) do update set note = ''",
  "insert into orders (id, big) select id + 2, 0 from orders on conflict (id) do update set note = excluded.note",
  "insert into orders (id, big) values (1, 0) on conflict (id) do update set note = excluded.note",
];

describe("a statement that is said to change every row", () => {
  let server: PostgresServer;
  let client: pg.Client;
  let catalogue: Catalogue;
  beforeAll(async () => {
    server = await startPostgres({
      version: 15,
      sql: `create table orders (id int primary key, parent int, note text, price numeric, big bigint not null);
        insert into orders values (1, null, 'a', 1.5, 9), (2, 1, 'b', 0, -9), (3, 1, 'a', -2, 0), (4, 7, '', 10, 1);
        create table customers (id int primary key);
        insert into customers values (1), (2)`,
    });
    const { host, port, user, password, database } = server;
    client = new pg.Client({ host, port, user, password, database });
    await client.connect();
    catalogue = (await readCatalogue(
      async (text) => (await client.query({ text, rowMode: "array" })).rows as unknown[][],
      "test",
      null,
    ))!;
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  const said = (text: string): boolean => list(analyse(text, { catalogue }), "noWhere").length > 0;

  /** How many of the four rows are not as they were. */
  async function changed(text: string): Promise<number> {
    await client.query("begin");
    try {
      await client.query("create temp table seen on commit drop as select ctid as at, id from orders");
      await client.query(text.startsWith("merge into orders o using customers c on true") ? once(text) : text);
      const kept = await client.query(
        "select count(*)::int as n from seen s join orders o on o.ctid = s.at and o.id = s.id",
      );
      return 4 - (kept.rows[0] as { n: number }).n;
    } finally {
      await client.query("rollback");
    }
  }

  // More than one partner for a row is an error of MERGE.
  const once = (text: string): string => text.replace("using customers c", "using (select * from customers limit 1) c");

  it.each(every)("does: %s", async (text) => {
    expect(said(text)).toBe(true);
    expect(await changed(text)).toBe(4);
  });

  it.each(some)("and one that chooses is not said to: %s", async (text) => {
    expect(said(text)).toBe(false);
    expect(await changed(text)).toBeLessThan(4);
  });
});
