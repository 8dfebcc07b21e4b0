import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Budgets, createBudgets } from "../../src/budgets/index.js";
import { encodeBind, encodeExecute, encodeParse, encodeSync } from "../../src/protocols/postgres/codec/frontend.js";
import { type Gated, serveGated } from "../support/lineage/gated-postgres.js";
import { findSecret, policyOf, twins, worldSql } from "../support/lineage/world.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { cells, field, RawPostgres } from "../support/raw-postgres.js";

const [secrets] = twins;
const mail = `${secrets.local}1.${secrets.local}@${secrets.host}1.org`;
/** One text that means two things, by the path that it is read with. */
const declareFace = "declare c cursor for select upper(face) from faces order by id";
const sameText = `
  create function who_has(p text) returns int language sql as 'select id from public.customers where email = p';
  create view grouped as select email, count(*) as n from customers where email <> 'x' group by email;
  create extension citext;
  create table cased (id int, email citext);
  insert into cased select id, email from customers where id = 1;
  create schema twin;
  create view twin.faces as select id, email as face, vip from public.customers;
  create function sneak() returns void language sql set search_path = twin as '${declareFace}';`;

let server: PostgresServer;
let denying: Gated;
let counting: Gated;
let budgets: Budgets;
const open: RawPostgres[] = [];

beforeAll(async () => {
  server = await startPostgres({ version: 15, auth: "trust", sql: worldSql(secrets) + sameText });
  denying = await serveGated({ server, policy: policyOf("deny") });
  const store = {
    add: async () => [],
    changed: async () => ({ counts: [], subjects: [], mark: "1" }),
    prune: async () => {},
  };
  budgets = await createBudgets({ store, key: Buffer.alloc(32, 7), log: { warn: () => {} } });
  counting = await serveGated({ server, policy: policyOf("budget, budget: 2"), budgets });
});
afterAll(async () => {
  for (const raw of open) raw.close();
  await denying?.stop();
  await counting?.stop();
  await budgets?.close();
  await server?.stop();
});

interface Answer {
  readonly rows: (string | null)[][];
  readonly refused: string | null;
  readonly error: string | null;
  readonly bytes: string;
}

async function ask(texts: string | readonly string[], at: Gated = denying): Promise<Answer> {
  const raw = await RawPostgres.open(at);
  open.push(raw);
  let last: Answer = { rows: [], refused: null, error: null, bytes: "" };
  let bytes = "";
  for (const text of [texts].flat()) {
    const messages = await raw.query(text);
    bytes += Buffer.concat(messages.map(({ body }) => body)).toString("latin1");
    const error = field(messages, "M") ?? null;
    const refused = error?.startsWith("hoop: ") === true ? error : null;
    last = { rows: cells(messages), refused, error, bytes };
  }
  return last;
}

describe("a masked column that decides", () => {
  test.each([
    `select id from customers where email = '${mail}'`,
    "select id from customers where ssn like 'w%'",
    "select id from customers where email > 'm'",
    "select 1 from customers c join orders o on o.contact = c.email",
    "select 1 from customers natural join (select email from customers) x",
    "select id from customers order by email",
    "select count(*) from customers group by ssn",
    "select distinct email from customers",
    "select email from customers union select 'x'",
    "select email from customers intersect select 'x'",
    "select row_number() over (order by card) from customers",
    "select case when email like 'z%' then 1 else 0 end from customers",
    "select count(*) filter (where ssn > 'a') from customers",
    "select id from customers where id = 1 and exists (select 1 from customers x where x.ssn = 'a')",
    "select nullif(email, 'guess') is null from customers",
    "select 1 / (ascii(email) - 97) from customers",
    "select email::int from customers",
    "select cast(substr(ssn, 1, 1) as int) from customers",
    "select chr(ascii(email) - 97) from customers",
    "select (array[1])[1] from customers where 1 / length(email) = 0",
    "select repeat('x', 100000000 * ascii(email)) from customers",
    "select to_number(ssn, '999') from customers",
    "select 2147483647 + ascii(email) - 97 from customers",
    "insert into orders (id) select id from customers where id = 1 returning 1 / (select ascii(email) - 97 from customers limit 1)",
    // NULL where no mask stands, or an error, by what a function is given beside the value.
    "select email like 'z%' and null from customers",
    "select email in ('x', null) from customers",
    "select email = any (array['x', null]) from customers",
    "select email between 'x' and null from customers",
    "select (email, null) = ('x', null) from customers",
    "select substring(email from '^z') from customers",
    "select substring(email, length(ssn)) from customers",
    `select '{"z": 1}'::jsonb -> left(email, 1) from customers`,
    `select '{"z": 1}'::jsonb #>> array[left(email, 1)] from customers`,
    `select ('{"z": 1}'::jsonb)[left(email, 1)] from customers`,
    "select jsonb_build_object(left(email, 1), 1) -> 'z' from customers",
    "select jsonb_object_agg(email, 1) -> 'z' from customers",
    "select (array[1])[length(email)] from customers",
    "select array_length(array[1], length(email)) from customers",
    "select nth_value(id, ascii(email)) over () from customers",
    "select lag(id, ascii(email)) over (order by id) from customers",
    "select ntile(length(ltrim(email, 'z'))) over (order by id) from customers",
    "select split_part('a', 'b', length(ltrim(left(email, 1), 'z'))) from customers",
    "select substr('a', 1, length(email)) from customers",
    "select overlay('abc' placing 'x' from length(ltrim(left(email, 1), 'z'))) from customers",
    "select format(replace(left(email, 1), 'z', '%')) from customers",
    "select regexp_replace('a', replace(left(email, 1), 'z', '('), '') from customers",
    "select 'a' like concat('a', replace(left(email, 1), 'z', chr(92))) from customers",
    "select encode('a', left(email, 1)) from customers",
    "select date_part(left(email, 1), now()), date_trunc(left(email, 1), now()) from customers",
    "select to_char(1, replace(left(email, 1), 'z', '9.9.9')) from customers",
    "select to_jsonb(email) @@ '($ ? (@ starts with \"z\")).double() > 0' from customers",
    "select xmlpi(name x, replace(left(email, 1), 'z', '?>')) from customers",
    "select xmlparse(content replace(left(email, 1), 'z', '<')) from customers",
    "select xmlserialize(content xmlelement(name a, email) as varchar(9)) from customers",
    "select 1 from mails where mail like 'z%'",
    "select 1 from loud where shout = 'x'",
    "select 1 from sums where top > 'a'",
    "select 1 from grouped where email = 'x'",
    "select who_has('x')",
    "update customers set vip = true where email like 'z%'",
    "delete from orders where contact = 'x'",
    "explain select 1 from customers where email = 'x'",
    "explain (analyze) select 1 from customers order by ssn",
    "copy (select id from customers where ssn like 'w%') to stdout",
    "declare c cursor for select id from customers where ssn like 'w%'",
    "prepare p as select id from customers where ssn = $1",
    "with t as (select id, email as e from customers) select id from t where e like 'z%'",
    "merge into orders o using customers c on o.contact = c.email when matched then do nothing",
    "insert into customers (id, email) values (1, 'x') on conflict (email) do nothing",
  ])("is refused: %s", async (text) => {
    const { refused } = await ask(text);
    expect(refused).toContain("is masked for you, and this statement compares, joins, sorts or groups by it");
  });

  test.each([
    ["select id, name from customers where id = 5", "5"],
    ["select id from customers where email is null", "4"],
    [
      "select upper(email), length(email), md5(ssn), email || 'x', left(email, 2), id * 12 / 7 from customers where id = 5",
      "***",
    ],
    [
      "select substring(email from 1 for 2), substr(email, 2), split_part(email, '@', 1), replace(email, 'a', 'b') from customers where id = 5",
      "***",
    ],
    [
      "select to_char(vip::int, '9'), date_trunc('day', now()) is null, id between 1 and 9 from customers where id = 5",
      " 0",
    ],
    ["select id from customers where id between 5 and 6", "5"],
    ["select id from customers where id not between symmetric 4 and 1", "5"],
    ["select count(email) from customers", "4"],
    ["select count(*) from customers", "5"],
    [
      "select c.name, count(*) from customers c join orders o on o.customer_id = c.id group by c.name order by 1 limit 1",
      "ann",
    ],
    ["select id, coalesce(nullif(email, ''), 'none') from customers where id = 4", "4"],
    ["select n from grouped where n > 0 limit 1", "1"],
    ["select name from faces join customers using (id) where id = 2", "bob"],
    ["update customers set email = lower(email) where id = 4 returning id", "4"],
  ])("what does not decide by one goes on: %s", async (text, first) => {
    const { rows, error } = await ask(text);
    expect([error, rows[0]?.[0]]).toEqual([null, first]);
  });

  test("goes on as often as its budget has place", async () => {
    const guess = "select id from customers where ssn = 'guess'";
    expect((await ask([guess, guess], counting)).refused).toBeNull();
    expect((await ask([guess, guess, guess], counting)).refused).toContain("the budget for such statements is used up");
  });
});

describe("what tells of values besides results", () => {
  test.each([
    [
      "statistics",
      "select tablename, attname, most_common_vals, histogram_bounds from pg_stats where schemaname = 'public'",
    ],
    ["statistics as they are kept", "select * from pg_statistic"],
    [
      "a value that breaks a constraint",
      "insert into customers (id, ssn) select 77, ssn from orders o, lateral (select 'x' as ssn) s",
    ],
    ["a unique violation", `insert into customers (id, ssn) values (77, '${secrets.ssn}-1')`],
    ["a cast that fails", "select ssn::int from customers"],
    ["a cast in a view", "select (word || 'x')::int from mixed"],
    ["a plan with a filter", "explain (analyze, verbose) select upper(email) from customers where id = 1"],
    ["a plan with a constant that planning made", "explain (verbose) select mail_of(1)"],
    ["what others run", "select query from pg_stat_activity"],
    ["cursors that are open", "select * from pg_cursors"],
    ["a message of a body", "do $$ begin raise notice '%', (select email from customers limit 1); end $$"],
  ])("%s", async (_what, text) => {
    const { bytes } = await ask(text);
    // What the client itself wrote is no news to it.
    expect(findSecret(bytes.replaceAll(text, ""), secrets)).toBeNull();
  });

  test("shows the plain columns beside them", async () => {
    const { rows } = await ask(
      "select attname, most_common_vals::text from pg_stats where tablename = 'orders' and attname = 'note'",
    );
    expect(rows[0]?.[0]).toBe("note");
  });
});

describe("what is shown beside masks", () => {
  test.each([
    ["select upper(email), now() is not null, name from customers where id = 1", ["***", "t", "ann"]],
    [
      "select email, email::text, max(email) over (), coalesce(email, 'x') from customers where id = 1",
      Array(4).fill("z***@j***.org"),
    ],
    ["select face, id from faces where id = 1", ["ann", "1"]],
    ["select * from mails where customer = 1", ["1", "z***@j***.org"]],
    ["select name, orders, top from sums where name = 'ann'", ["ann", "2", "z***@j***.org"]],
    ["select made, tag, mood from customers where id = 1", ["***", "tag", "fine"]],
    [
      "with recursive t(n, e, x) as (select id, email, name from customers where id = 1 union all select n + 1, e, x from t where n < 2) select n, e, x from t where n = 2",
      ["2", "z***@j***.org", "ann"],
    ],
    ["select word from mixed where id = 3", ["***"]],
    ["select place, doc from rows where id = 1", ["1", '"***"']],
    ["select a, b from faces_of(1)", ["1", "ann"]],
    [
      "select face_of(1), mail_of(1), wrap(name), wrap(email) from customers where id = 1",
      ["ann", "***", "<ann>", "***"],
    ],
    [
      "select (select name from customers where id = 2), (select email from customers where id = 2)",
      ["bob", "z***@j***.org"],
    ],
    ["select email, email::text from cased", ["z***@j***.org", "z***@j***.org"]],
    ["select card, card::text from customers where id = 1", ["0", "***0001"]],
    [
      "select jsonb_build_object('n', name), jsonb_build_object('n', ssn) from customers where id = 1",
      ['{"n": "ann"}', '"***"'],
    ],
  ] as const)("%s", async (text, row) => {
    const { rows, error } = await ask(text);
    expect([error, rows[0]]).toEqual([null, [...row]]);
  });

  test("follows the columns of each statement of a text", async () => {
    const { rows } = await ask(
      "begin; select upper(email), 1 from customers where id = 1; select 2, upper(ssn) from customers where id = 1; commit",
    );
    expect(rows).toEqual([
      ["***", "1"],
      ["2", "***"],
    ]);
  });

  test("follows EXECUTE of what PREPARE made", async () => {
    const { rows } = await ask([
      "prepare p as select upper(email), upper(name) from customers where id = $1",
      "execute p(1)",
    ]);
    expect(rows).toEqual([["***", "ANN"]]);
  });
});

describe("cursors", () => {
  const declare = "declare c cursor for select id, upper(name), upper(email) from customers order by id";

  test("give what they were declared for", async () => {
    const { rows } = await ask(["begin", declare, "fetch 1 from c", "fetch 1 from c"]);
    expect(rows).toEqual([["2", "BOB", "***"]]);
  });

  const [parse, run] = [(text: string) => encodeParse("", text), [encodeBind("", ""), encodeExecute("")]] as const;

  async function extended(...frames: readonly Buffer[]) {
    const raw = await RawPostgres.open(denying);
    open.push(raw);
    raw.send(Buffer.concat([...frames, encodeSync()]));
    const messages = await raw.until("Z");
    return { rows: cells(messages), error: field(messages, "M") ?? null, messages };
  }

  test("give what they were declared for by the extended protocol too", async () => {
    const { rows, error } = await extended(
      ...[parse("begin"), ...run, parse(declare), ...run],
      ...[parse("fetch 1 from c"), ...run, parse("fetch 1 from c"), ...run],
    );
    expect(error).toBe(null);
    expect(rows).toEqual([
      ["1", "ANN", "***"],
      ["2", "BOB", "***"],
    ]);
  });

  test("of a name that another took between Bind and Execute are judged anew", async () => {
    const plain = "declare c cursor for select name from customers order by id";
    const secret = "declare c cursor for select upper(email) from customers order by id";
    const { rows, messages } = await extended(
      ...[parse("begin"), ...run, parse(plain), ...run],
      ...[encodeParse("f", "fetch 1 from c"), encodeBind("p", "f")],
      ...[parse("close c"), ...run, parse(secret), ...run],
      encodeExecute("p"),
    );
    expect(findSecret(Buffer.concat(messages.map(({ body }) => body)).toString("latin1"), secrets)).toBeNull();
    expect(rows).toEqual([["***"]]);
  });

  test("are masked whole when their text has meant two things, or another made them", async () => {
    const first = await ask([
      "begin",
      declareFace,
      "fetch 1 from c",
      "close c",
      "set search_path = twin",
      declareFace,
      "fetch 1 from c",
    ]);
    expect(first.rows).toEqual([["***"]]);
    const second = await ask(["begin", declareFace, "close c", "select sneak()", "fetch 1 from c"]);
    expect(findSecret(second.bytes, secrets)).toBeNull();
    expect(second.rows).toEqual([["***"]]);
  });
});

describe("a masked value that is written back", () => {
  test.each([
    "update customers set email = 'z***@j***.org' where id = 1",
    "update customers set email = '***' where id = 1",
    "insert into customers (id, email) values (90, 'z***@j***.org')",
    "insert into customers values (90, 'new', '***')",
    "merge into customers c using notes n on c.id = n.id when matched then update set email = 'a***@b***.org'",
  ])("is refused: %s", async (text) => {
    expect((await ask(text)).refused).toContain("a value that looks like its mask");
  });

  test("a value of its own goes on", async () => {
    const { error } = await ask(["begin", "update customers set email = 'new@example.com' where id = 1", "rollback"]);
    expect(error).toBeNull();
  });
});
