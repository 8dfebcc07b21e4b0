import { afterAll, beforeAll, expect, test } from "vitest";
import { createSqlAnalyser, type SqlAnalyser, type SqlAnalysis, type SqlContext } from "../../src/sql/index.js";
import { analysed, atPublic, shop } from "../../src/sql/testing/fixture.js";
import { builtWorker } from "./built-worker.js";

let workerFile: URL;
let sql: SqlAnalyser;

beforeAll(() => {
  workerFile = builtWorker();
  sql = createSqlAnalyser({ workers: 1, workerFile, deadline: 20_000 });
});

afterAll(() => sql.close());

function ask(text: string, context: SqlContext = atPublic, analyser = sql): Promise<SqlAnalysis> {
  return new Promise((resolve) => analyser.analyse(text, context, shop, resolve));
}

test("the pool says what the analysis in this thread says", async () => {
  for (const text of ["select email from customers", "delete from orders", "selec", "select wipe()"])
    expect(await ask(text)).toEqual(analysed(text).analysis);
});

test("a text seen before, and one of its shape, are answered at once", async () => {
  await ask("select name from customers where id = 1");
  const before = sql.stats();
  const answers: SqlAnalysis[] = [];
  sql.analyse("select name from customers where id = 1", atPublic, shop, (analysis) => answers.push(analysis));
  sql.analyse("select name from customers where id = 77", atPublic, shop, (analysis) => answers.push(analysis));
  expect(answers).toHaveLength(2);
  expect(sql.stats().hits).toBe(before.hits + 2);
});

test("prepared statements follow their context", async () => {
  expect((await ask("execute p", { ...atPublic, prepared: new Map([["p", "delete from orders"]]) })).effects).toEqual([
    "write",
  ]);
  expect((await ask("execute p", { ...atPublic, prepared: new Map([["p", "select 1"]]) })).effects).toEqual(["read"]);
  expect((await ask("execute p", { ...atPublic, prepared: null })).effects).toEqual(["unknown"]);
});

const hostile: readonly [name: string, text: () => string][] = [
  ["20,000 brackets", () => `select ${"(".repeat(20_000)}1${")".repeat(20_000)}`],
  ["200,000 open brackets", () => `select ${"(".repeat(200_000)}`],
  ["60,000 operators", () => `select ${"1+".repeat(60_000)}1`],
  ["60,000 minus signs", () => `select ${"- ".repeat(60_000)}1`],
  ["60,000 NOT", () => `select ${"not ".repeat(60_000)}true`],
  ["60,000 casts", () => `select 1${"::int".repeat(60_000)}`],
  ["20,000 UNIONs", () => Array(20_000).fill("select 1").join(" union ")],
  ["20,000 UNIONs with commas", () => Array(20_000).fill("select 1, 2").join(" union all ")],
  ["20,000 joins", () => `select 1 from a ${"natural join a ".repeat(20_000)}`],
  ["20,000 CASEs", () => `select ${"case when true and true then ".repeat(20_000)}1${" end".repeat(20_000)}`],
  ["a sum of 20,000 CASEs", () => `select ${"case when true then 1 end + ".repeat(20_000)}1`],
  ["20,000 operators in a branch", () => `select case when true then ${"1 + ".repeat(20_000)}1 else 2 end`],
  ["names that look like separators", () => `select ${"a.and + a.or + ".repeat(20_000)}1`],
  ["names that look like branches", () => `select case when ${"a.when + a . then + ".repeat(20_000)}1 = 2 then 3 end`],
  ["names that look like the end", () => `select case when ${"a.end + a.case + ".repeat(20_000)}1 = 2 then 3 end`],
  ["labels that look like branches", () => `select 1 as case, 2 as when, ${"(select 1 as end) + ".repeat(20_000)}1`],
  ["20,000 subqueries", () => `select ${"(select ".repeat(20_000)}1${")".repeat(20_000)}`],
  ["60,000 COLLATE", () => `select 'a' ${'collate "C" '.repeat(60_000)}`],
  ["an escape string of 50 MB", () => `select e'${"x".repeat(50 * 1024 * 1024)}'`],
  ["a million words", () => `select ${"a,".repeat(1_000_000)}a`],
  ["NUL", () => "select 1\u0000; drop table orders"],
  ["half a character", () => "select '\ud83d'"],
];

test.each(hostile)("hostile: %s", async (_name, text) => {
  const analysis = await ask(text());
  expect(analysis.effects).toEqual(["unknown"]);
  expect(analysis.unknowns).toHaveLength(1);
  expect(analysis.shape.length).toBeLessThan(5_000);
  expect((await ask("select ssn from customers")).effects).toEqual(["read"]);
});

test("none of what the limits refuse has reached the parser", () => {
  expect(sql.stats().recycled).toBe(0);
});

test("what the limits allow, the parser can carry", async () => {
  for (const text of [
    `select ${"(".repeat(150)}1${")".repeat(150)}`,
    `select ${"1+".repeat(1_400)}1`,
    `select ${"- ".repeat(2_900)}1`,
    Array(390).fill("select 1").join(" union "),
    `select 1 from customers ${"natural join customers ".repeat(390)}`,
    `select 1 where ${"id = 1 or ".repeat(5_000)} id = 2`,
    `select 1 where id in (${"1,".repeat(100_000)}1)`,
    `insert into orders(note) values ${"('x'),".repeat(50_000)}('x')`,
    "select 1;".repeat(10_000),
    `select '${"x".repeat(10 * 1024 * 1024)}'`,
    // Nearly all data: read by its SQL.
    `insert into orders(note) values ('${"x".repeat(100 * 1024 * 1024)}')`,
  ])
    expect((await ask(text)).effects, text.slice(0, 60)).not.toContain("unknown");
  expect(sql.stats().recycled).toBe(0);
});

test.each([0, 1, 50, 120, 190])("flat CASEs of the allowed size, the parser can carry in %i levels", async (depth) => {
  const flat = `case ${"when 1 = 2 then 3 ".repeat(55_000)}else 4 end`;
  const branches = "when 1 = 2 then 3 ".repeat(Math.floor(55_000 / Math.max(1, depth)));
  for (const text of [
    `select ${"(".repeat(depth)}${flat}${")".repeat(depth)}`,
    `select ${"(select ".repeat(depth)}${flat}${")".repeat(depth)}`,
    `select ${"case when true then ".repeat(depth)}${flat}${" else 1 end".repeat(depth)}`,
    `select ${"case when ".repeat(depth)}${flat}${" = 1 then 1 end".repeat(depth)}`,
    `select ${`case ${branches} else `.repeat(depth)}1${" end".repeat(depth)}`,
  ])
    expect((await ask(text)).effects, text.slice(0, 60)).not.toContain("unknown");
  expect(sql.stats().recycled).toBe(0);
});

test("a poisoned worker is replaced: its text is unknown, those that wait are read", async () => {
  // Without the limits the parser's stack ends.
  const limits = {
    maxRun: Number.MAX_SAFE_INTEGER,
    maxDepth: Number.MAX_SAFE_INTEGER,
    maxChain: Number.MAX_SAFE_INTEGER,
    maxTokens: Number.MAX_SAFE_INTEGER,
  };
  const bare = createSqlAnalyser({ workers: 1, workerFile, limits, deadline: 30_000 });
  try {
    const [poison, ...after] = await Promise.all([
      ask(`select ${"1+".repeat(400_000)}1`, atPublic, bare),
      ask("select email from customers", atPublic, bare),
      ask("delete from orders", atPublic, bare),
    ]);
    expect(poison?.effects).toEqual(["unknown"]);
    expect(after.map((analysis) => analysis?.effects)).toEqual([["read"], ["write"]]);
    expect(bare.stats().recycled).toBe(1);
    // Nothing of the poison is remembered: it was about the moment.
    expect((await ask(Array(60_000).fill("select 1").join(" union "), atPublic, bare)).effects).toEqual(["unknown"]);
    expect((await ask("select ssn from customers", atPublic, bare)).effects).toEqual(["read"]);
  } finally {
    await bare.close();
  }
});

test("an overdue worker is replaced", async () => {
  const hasty = createSqlAnalyser({ workers: 1, workerFile, deadline: 3_000, limits: { maxTokens: 10_000_000 } });
  try {
    await ask("select 1", atPublic, hasty);
    // Many times the deadline's worth of reading, also where the machine is quick.
    const slow = await ask(`select ${"a,".repeat(1_500_000)}a`, atPublic, hasty);
    expect(slow.unknowns).toEqual(["reading the statement took too long"]);
    expect((await ask("select 2 from customers", atPublic, hasty)).effects).toEqual(["read"]);
    expect(hasty.stats().recycled).toBe(1);
  } finally {
    await hasty.close();
  }
});

test("more texts than may wait are unknown at once", async () => {
  const narrow = createSqlAnalyser({ workers: 1, workerFile, maxQueue: 10 });
  try {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) => ask(`select c${at} from customers`, atPublic, narrow)),
    );
    expect(
      answers.filter((analysis) => analysis.unknowns.includes("too many statements wait to be read")),
    ).toHaveLength(30);
    expect((await ask("select c39 from customers", atPublic, narrow)).effects).toEqual(["read"]);
  } finally {
    await narrow.close();
  }
});

test("a worker that never starts is said, not waited for", async () => {
  const broken = createSqlAnalyser({ workers: 1, workerFile: new URL("file:///nowhere/worker.js") });
  try {
    expect((await ask("select 1", atPublic, broken)).unknowns).toEqual(["the SQL parser does not start"]);
  } finally {
    await broken.close();
  }
});

test("after close every answer is unknown", async () => {
  const closed = createSqlAnalyser({ workers: 1, workerFile });
  const waiting = ask("select 1", atPublic, closed);
  await closed.close();
  expect((await waiting).effects).toEqual(["unknown"]);
  expect((await ask("select 1", atPublic, closed)).unknowns).toEqual(["the SQL parser is closed"]);
});

test("workers keep up with more catalogues than they hold", async () => {
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < 12; at += 1) {
      const catalogue = {
        ...shop,
        version: `v${at}`,
        relations: shop.relations.filter((each) => each.id !== 1 || at % 2 === 0),
      };
      const reach = await new Promise<readonly number[]>((resolve) =>
        sql.analyse(`select id from customers limit ${round} -- ${round} ${at}`, atPublic, catalogue, (analysis) =>
          resolve(analysis.reach),
        ),
      );
      expect(reach).toEqual(at % 2 === 0 ? [1] : []);
    }
  }
});
