import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SqlAnalysis, SqlContext } from "./analyser.js";
import { AnalysisCache } from "./cache.js";
import { cacheShape } from "./shape.js";
import { analysed, atPublic, shop } from "./testing/fixture.js";

const limits = { count: 100_000, bytes: 256 * 1024 * 1024 };

/** Texts with holes for literals, the dangerous places among them. */
const templates = [
  "select * from customers where id = ? and email = ?",
  "select id, email, ssn from customers order by ?",
  "select id, email, ssn from customers order by id, ? desc",
  "select name, email, count(*) from customers group by ?, ?",
  "select name, email, count(*) from customers group by grouping sets ((?), (?))",
  "select name, email, count(*) from customers group by rollup(?, (?, ?))",
  "select distinct on (?) id, email from customers",
  "select ssn from customers union select name from customers order by ?",
  "delete from orders where ? = ?",
  "delete from orders where id = ?",
  "delete from orders where id + ? = id + ?",
  "delete from orders where id = ? or ? = ?",
  "delete from orders where id in (?, ?, id)",
  "delete from orders where note like ? or note similar to ?",
  "delete from orders where not (note !~ ?) or note ilike ?",
  "delete from orders where length(note) >= ? or ? < length(note)",
  "delete from orders where id = ? or id <> ?",
  "delete from orders where id = ? or not (id = ?)",
  "delete from orders where note like ? or note not like ?",
  "delete from orders where (id = ?) = (id = ?)",
  "delete from orders where id between ? and ? or (id < ? or id >= ?)",
  "update orders set note = ? where id between ? and ?",
  "insert into orders (note) values (?), (?)",
  "select set_config(?, ?, false)",
  "select nextval(?)",
  "select ?::regclass, customers.id from customers",
  "select regclass ?",
  "select cast(? as pg_catalog.regclass)",
  "select query_to_xml(?, true, true, ?)",
  "select * from dblink(?, ?) as t(a int)",
  "select pg_notify(?, ?)",
  "select lower(?) || ?",
  "select * from customers limit ? offset ?",
  "set search_path = ?",
  "set role ?",
  "set client_encoding = ?",
  "set standard_conforming_strings = ?",
  "fetch ? from c",
  "copy (select ?) to stdout",
  "copy orders to ?",
  "explain (analyze ?) delete from orders",
  "notify x, ?",
  "load ?",
  "do ?",
  "prepare p as select ?",
  "execute q(?)",
  "execute p(?)",
  "select ? as a; delete from orders where ? = ?",
  "select -?, +?, ?-?, ?.?",
  "select * from customers where email like ? escape ?",
  "select interval ?, timestamp ?, ?::varchar(?)",
  "select ? ? from customers",
  "select ?\n? from customers",
  "select mails.customer from mails where ? < customer",
  "select e?, U&?, x?, n?, b? from customers",
  "select a?, $?, ?a, ?e5, ?.5 from customers",
  "/* ? */ select ?",
  "select ? -- ?",
  "comment on table orders is ?",
  "select extract(? from now())",
  "create function f() returns int language sql as ?",
];

const literal = fc.oneof(
  fc.constantFrom(
    ..."0 1 2 3 4 9 10 2147483647 2147483648 99999999999 1.5 0.0 1. .5 1e5 0x1f 1_000 00012 'a' '' 'customers' 'it''s' 'on' 'off' 'role' 'search_path' 'work_mem' 'UTF8' 'SJIS' 'private' 'é' '😀' $$a$$ E'x' '\\' '--' '/*' '$1' NULL true false id $1 '1' '%' '.*' -1".split(
      " ",
    ),
  ),
  fc.constantFrom("'a'\n'b'", "'\ud800'", "'a\u0000'", "'select 1'", "'drop table orders'", "''''"),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string({ maxLength: 6 }).map((text) => `'${text.replaceAll("'", "''")}'`),
);

const text = fc
  .tuple(fc.constantFrom(...templates), fc.array(literal, { minLength: 6, maxLength: 6 }))
  .map(([template, literals]) => {
    let at = 0;
    return template.replace(/\?/g, () => literals[at++ % literals.length] ?? "1");
  });

const contexts: readonly SqlContext[] = [
  atPublic,
  { ...atPublic, searchPath: "private, public" },
  { ...atPublic, role: "bob" },
  { ...atPublic, settings: { standard_conforming_strings: "off" } },
  { ...atPublic, settings: { client_encoding: "BIG5" } },
  { ...atPublic, prepared: new Map([["q", "delete from orders"]]) },
  { ...atPublic, prepared: new Map([["q", "select $1"]]) },
];

/** `expect` takes longer to compare than the parser to read, and only has something to say where they differ. */
function same(known: SqlAnalysis | undefined, fresh: SqlAnalysis): void {
  if (known !== undefined && known !== fresh && !isDeepStrictEqual(known, fresh)) expect(known).toStrictEqual(fresh);
}

test("what the cache answers is what a fresh analysis says", () => {
  const cache = new AnalysisCache(limits);
  let hits = 0;
  fc.assert(
    fc.property(text, fc.constantFrom(...contexts), (sql, context) => {
      const fresh = analysed(sql, { context });
      const known = cache.find(sql, context, shop);
      if (known !== undefined) {
        hits += 1;
        same(known, fresh.analysis);
      }
      cache.keep(sql, context, shop, fresh);
      same(cache.find(sql, context, shop), fresh.analysis);
    }),
    { numRuns: 20_000 },
  );
  expect(hits).toBeGreaterThan(2_000);
});

test("two texts of one shape are the same to the parser but for their literals", () => {
  const first = new Map<string, string>();
  fc.assert(
    fc.property(text, (sql) => {
      const shape = cacheShape(sql);
      if (shape === null) return;
      const other = first.get(shape);
      if (other === undefined) first.set(shape, sql);
      else expect(analysed(sql).analysis.statements).toBe(analysed(other).analysis.statements);
    }),
    { numRuns: 5_000 },
  );
});

test("texts that could fool a simple reader have no shape", () => {
  for (const sql of [
    "select E'a'",
    "select e'\\''",
    "select U&'a'",
    'select U&"a"',
    "select u&'a'",
    "select N'a'",
    "select x'1f'",
    "select $$a$$",
    "select $a$b$a$",
    "select 1 -- a",
    "select /* a */ 1",
    "select 'a\\b'",
    "select \\",
    "select 'a'\n'b'",
    "select 1a",
    "select 1e5",
    "select 0x1f",
    "select 1_000",
    "select 1.",
    "select .5",
    "select 1..2",
    "select ѕ",
    "select\u00a01",
    "select '\ud800'",
    "select '\u0000'",
    "select 'a",
    'select "a',
    "select a$b",
    "select 1'a'",
    'select a"b"',
    "select \u0001",
  ])
    expect(cacheShape(sql), sql).toBeNull();
});

test("plain texts share a shape", () => {
  expect(cacheShape("select * from t where a = 'x' and b < 10")).toBe("select * from t where a = '' and b < 0");
  expect(cacheShape("insert into t values ('😀', 12345678901, 1.5)")).toBe("insert into t values ('', 0.0, 0.0)");
  expect(cacheShape('select "a 1", $1, a1 from t')).toBe('select "a 1", $1, a1 from t');
});

test("the context and the catalogue are part of the key", () => {
  const cache = new AnalysisCache(limits);
  const sql = "select * from customers where id = 1";
  cache.keep(sql, atPublic, shop, analysed(sql));
  expect(cache.find("select * from customers where id = 2", atPublic, shop)).toBeDefined();
  for (const other of [{ role: "x" }, { database: "x" }, { searchPath: "x" }, { settings: {} }])
    expect(cache.find(sql, { ...atPublic, ...other }, shop)).toBeUndefined();
  expect(cache.find(sql, atPublic, { ...shop, version: "2" })).toBeUndefined();
  expect(cache.find(sql, atPublic, { ...shop, key: "x" })).toBeUndefined();
});

test("what depends on prepared statements is not kept", () => {
  const cache = new AnalysisCache(limits);
  const context = { ...atPublic, prepared: new Map([["q", "select 1"]]) };
  cache.keep("execute q", context, shop, analysed("execute q", { context }));
  expect(cache.find("execute q", context, shop)).toBeUndefined();
});

test("the cache is bounded by count and bytes", () => {
  const cache = new AnalysisCache({ count: 10, bytes: 1024 * 1024 });
  const texts = Array.from({ length: 20 }, (_, at) => `select ${"a".repeat(at + 1)} from customers`);
  for (const sql of texts) cache.keep(sql, atPublic, shop, analysed(sql));
  expect(texts.filter((sql) => cache.find(sql, atPublic, shop) !== undefined)).toEqual(texts.slice(10));
  // What another catalogue version knew goes before what this one knows.
  const next = { ...shop, version: "2" };
  for (const sql of texts.slice(0, 10)) cache.keep(sql, atPublic, next, analysed(sql));
  expect(texts.filter((sql) => cache.find(sql, atPublic, next) !== undefined)).toEqual(texts.slice(0, 10));
  expect(texts.filter((sql) => cache.find(sql, atPublic, shop) !== undefined)).toEqual([]);
  const huge = `select '${"x".repeat(1024 * 1024)}'`;
  cache.keep(huge, atPublic, shop, analysed(huge));
  expect(cache.find(huge, atPublic, shop)).toBeUndefined();
});
