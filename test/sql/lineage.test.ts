import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { analyse, atPublic } from "../../src/sql/testing/fixture.js";
import type { Catalogue } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { RandomQuery } from "./random-query.js";
import { readCatalogue } from "./read-catalogue.js";

// A value that nobody should see is in one column. Whatever a real server's answer shows of it, the analysis must have said.
const secret = "qzx7";

let server: PostgresServer;
let client: pg.Client;
let catalogue: Catalogue;
let customers = 0;

beforeAll(async () => {
  server = await startPostgres({
    version: 15,
    sql: `
      create table customers (id int, name text, email text);
      insert into customers values (1, 'ann', '${secret}@a'), (2, 'bob', '${secret}@b');
      create table orders (id int, customer_id int, note text);
      insert into orders values (1, 1, 'x'), (2, 2, 'y');
      create view mails as select id as customer, email as mail from customers;
      create view loud as select upper(m.mail) as shout, m.* from mails m;
      create view plain as select id, name from customers;
      create materialized view stored as select * from customers;
      create function mail_of(p int) returns text language sql stable as 'select email from customers where id = p';
      create function mail_by(p int, out r text) language plpgsql as $$ begin r := (select mail from mails where customer = p); end $$;
      create function everyone() returns setof customers language sql as 'select * from customers';
      create function pairs() returns table (a int, b text) language plpgsql as $$ begin return query select id, email from customers; end $$;
      create function atomic() returns text language sql begin atomic select email from customers limit 1; end;
      create function name_of(c customers) returns text language sql as 'select c.email';
      create table events (at int, email text) partition by list (at);
      create table events_1 partition of events for values in (1);
      insert into events values (1, 'e');`,
  });
  client = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database: server.database,
  });
  await client.connect();
  catalogue = await readCatalogue(server);
  customers = catalogue.relations.find((relation) => relation.name === "customers")?.id ?? 0;
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

type Shown = "nothing" | "own" | "otherwise" | "error";

/** How the server's answer shows the secret: as the column itself, by its own word, or otherwise. */
async function shows(sql: string): Promise<Shown> {
  let result: pg.QueryResult;
  try {
    await client.query("begin");
    result = await client.query({ text: sql, rowMode: "array" });
  } catch {
    return "error";
  } finally {
    await client.query("rollback");
  }
  let shown: Shown = "nothing";
  const answers = Array.isArray(result) ? (result as pg.QueryResult[]) : [result];
  for (const answer of answers) {
    for (const [at, field] of (answer.fields ?? []).entries()) {
      const visible = (answer.rows as unknown as unknown[][]).some((row) =>
        JSON.stringify(row[at] ?? "")
          .toLowerCase()
          .includes(secret),
      );
      if (!visible) continue;
      if (field.tableID === customers && field.columnID === 3) shown = shown === "otherwise" ? shown : "own";
      else shown = "otherwise";
    }
  }
  return shown;
}

function said(sql: string): { own: boolean; otherwise: boolean } {
  const analysis = analyse(sql, { catalogue, context: { ...atPublic, database: server.database, role: server.user } });
  if (analysis.effects.includes("unknown")) return { own: true, otherwise: true };
  const uses = analysis.columns.filter(
    (column) =>
      (column.relation === customers || column.relation === null) && (column.name === "email" || column.name === "*"),
  );
  const otherwise = analysis.opaque || uses.some((column) => column.use === "computed" || column.use === "sink");
  return { own: otherwise || uses.some((column) => column.use === "output"), otherwise };
}

async function check(sql: string): Promise<Shown> {
  const shown = await shows(sql);
  const analysis = said(sql);
  if (shown === "own") expect(analysis.own, sql).toBe(true);
  if (shown === "otherwise") expect(analysis.otherwise, sql).toBe(true);
  return shown;
}

test.each([
  ["select email from customers", "own"],
  ["select * from customers", "own"],
  ["select c.* from customers c join orders o on o.customer_id = c.id", "own"],
  ["select x from (select email as x from customers) s", "own"],
  ["with t as (select email from customers) select * from t", "own"],
  ["delete from customers returning email", "own"],
  ["select email from customers union all select email from customers", "otherwise"],
  [
    "with recursive t(n, e, i) as (select 1, 'a', email from customers union all select n + 1, i, e from t where n < 4) select e from t",
    "otherwise",
  ],
  ["select c from customers c", "otherwise"],
  ["select mail from mails", "otherwise"],
  ["select * from loud", "otherwise"],
  ["select * from stored", "otherwise"],
  ["select mail_of(1)", "otherwise"],
  ["select mail_by(1)", "otherwise"],
  ["select * from everyone()", "otherwise"],
  ["select b from pairs()", "otherwise"],
  ["select atomic()", "otherwise"],
  ["select name_of(c) from customers c", "otherwise"],
  ["select c.name_of from customers c", "otherwise"],
  ["select email(c) from customers c", "own"],
  ["select (c).email || '' from customers c", "otherwise"],
  ["select query_to_xml('select * from customers', true, true, '')", "otherwise"],
  ["select table_to_xml('customers', true, true, '')", "otherwise"],
  ["select j from customers c, to_jsonb(c) j", "otherwise"],
  ["select v from customers c, jsonb_each_text(to_jsonb(c)) as t(k, v)", "otherwise"],
  ["select xmlforest(email) from customers", "otherwise"],
  [
    "select x.* from customers c, xmltable('/a' passing (('<a>' || c.email || '</a>')::xml) columns v text path '.') x",
    "otherwise",
  ],
  ['select email collate "C" from customers', "otherwise"],
  ["select (array_agg(email))[1] from customers", "otherwise"],
  ["select s from (values ((select email from customers limit 1))) t(s)", "otherwise"],
  ["select max(e) over () from (select email e from customers) s", "otherwise"],
  ["select email from customers natural full join (select email, 1 as z from customers) x", "otherwise"],
  ["select email from customers group by grouping sets ((email), ())", "own"],
  ["update customers set name = name where true returning email || ''", "otherwise"],
  ["insert into customers select id, name, email from customers returning email", "own"],
  ["select name from plain", "nothing"],
])("%s", async (sql, shown) => {
  expect(await check(sql)).toBe(shown);
});

test("nothing of the secret leaves a random query without the analysis saying so", async () => {
  const counts: Record<Shown, number> = { nothing: 0, own: 0, otherwise: 0, error: 0 };
  await client.query("set statement_timeout = 300");
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 3 }), async (seed, depth) => {
      counts[await check(new RandomQuery(seed).query(depth).sql)] += 1;
    }),
    { numRuns: Number(process.env.HOOP_LINEAGE_RUNS ?? 600) },
  );
  // A generator that only makes errors proves nothing.
  expect(counts.own).toBeGreaterThan(5);
  expect(counts.otherwise).toBeGreaterThan(50);
  expect(counts.error).toBeLessThan(counts.otherwise * 3);
});
