import { describe, expect, test } from "vitest";
import { analyse, customers, type Given } from "../testing/fixture.js";

/** Each column of the only result as `email=own name=made`, `!` before one that the server names; null where positions are not known. */
function resultOf(text: string, given: Given = {}): string[] | null {
  const { results } = analyse(text, given);
  const result = results?.[results.length - 1] ?? null;
  return (
    result?.map(({ sources, plain }) => {
      const said = sources
        .filter(({ via }) => !via)
        .map(({ relation, name, kind }) => `${relation === null ? "?." : ""}${name}=${kind}`)
        .sort()
        .join(" ");
      return plain ? `!${said}` : said;
    }) ?? null
  );
}

describe("what each column of a result can come from", () => {
  test.each<[string, string[] | null]>([
    ["select email from customers", ["!email=own"]],
    ["select 1, email as name, now() from customers", ["", "!email=own", ""]],
    ["select * from customers", ["!id=own", "!name=own", "!email=own", "!ssn=own"]],
    ["select c.*, 1 from customers c", ["!id=own", "!name=own", "!email=own", "!ssn=own", ""]],
    ["select (c).*, (c).email from customers c", ["!id=own", "!name=own", "!email=own", "!ssn=own", "!email=own"]],
    ["select c from customers c", ["*=made"]],
    ["select email::text, email::varchar(3), email::bytea from customers", ["email=own", "email=made", "email=made"]],
    ["select upper(email), name || ssn from customers", ["email=made", "name=made ssn=made"]],
    [
      "select coalesce(email, name, 'x'), greatest(email, ssn) from customers",
      ["email=own name=own", "email=own ssn=own"],
    ],
    ["select case when ssn = '1' then email else name end from customers", ["email=own name=own"]],
    ["select case email when 'a' then 1 end from customers", [""]],
    ["select nullif(email, ssn) from customers", ["email=own"]],
    ["select email is null, email is not null from customers", ["email=presence", "email=presence"]],
    ["select email = 'x', email like 'a%' from customers", ["email=made", "email=made"]],
    ["select min(email), max(upper(email)) from customers", ["email=own", "email=made"]],
    ["select count(*), count(email), count(distinct email) from customers", ["", "email=presence", "email=distinct"]],
    ["select count(lower(email)) from customers", ["email=made"]],
    ["select array_agg(email), string_agg(name, '') from customers", ["email=made", "name=made"]],
    ["select first_value(email) over (order by ssn) from customers", ["email=own"]],
    [
      "select lag(email, 1, name) over (), lag(name, length(ssn)) over () from customers",
      ["email=own name=own", "name=own ssn=made"],
    ],
    ["select mode() within group (order by email) from customers", ["email=own"]],
    ["select row_to_json(c), c::text from customers c", ["*=made", "*=made"]],
    ["select json_build_object('a', name, 'b', email) from customers", ["email=made name=made"]],
    ["select (select email from customers limit 1), 1", ["email=own", ""]],
    ["select array(select email from customers), 1", ["email=made", ""]],
    ["select exists (select * from customers where ssn = '1')", [""]],
    ["select e, i from (select email e, id i from customers) s", ["!email=own", "!id=own"]],
    ["select s.* from (select email, id from customers) s(a, b), orders", ["!email=own", "!id=own"]],
    ["with t as (select id, email from customers) select * from t", ["!id=own", "!email=own"]],
    [
      "with recursive t(n, e) as (select 1, email from customers union all select n + 1, e from t) select * from t",
      ["", "email=own"],
    ],
    [
      "with recursive t(a, b) as (select name, email from customers union all select b, a from t) select a, b from t",
      ["email=own name=own", "email=own name=own"],
    ],
    [
      "with recursive t(a, b, c) as (select '', '', email from customers union all select b, upper(c), c from t) select a from t",
      ["email=made"],
    ],
    ["select id, name from customers union all select id, note from orders", ["id=own id=own", "name=own note=own"]],
    ["values (1, (select email from customers)), (2, 'x')", ["", "email=own"]],
    ["select v from customers c, lateral (values (c.email, c.id)) t(v, w)", ["email=own"]],
    ["select mail from mails", ["email=made"]],
    ["select * from people", ["id=own", "email=made", "email=made"]],
    // Joins: what is merged comes first, and once.
    [
      "select * from orders join customers using (id)",
      ["id=own id=own", "!customer_id=own", "!note=own", "!name=own", "!email=own", "!ssn=own"],
    ],
    [
      "select * from customers natural join orders",
      ["id=own id=own", "!name=own", "!email=own", "!ssn=own", "!customer_id=own", "!note=own"],
    ],
    ["select x.e from (orders join customers using (id)) as x(a, b, c, d, e)", ["!email=own"]],
    ["select g.*, c.id from generate_series(1, 2) g, customers c", ["", "!id=own"]],
    ["select * from generate_series(1, 2) with ordinality as t(a, b)", ["", ""]],
    ["select * from json_each_text((select to_json(c) from customers c limit 1))", ["*=made", "*=made"]],
    // Functions of the system: their columns have names of their own, whatever the alias is.
    ["select x.value, c.id from json_array_elements_text('[1]') x, customers c", ["", "!id=own"]],
    ["select x from json_array_elements_text((select email from customers)) x", ["email=made"]],
    ["select x.value from customers c, json_array_elements_text(c.email) x", ["email=made"]],
    ["select x.a from customers c, json_array_elements_text(c.email) x(a)", ["email=made"]],
    ["select k.*, upper(c.email) from pg_get_keywords() k, customers c", ["", "", "", "", "", "email=made"]],
    ["select word, (select word from pg_get_keywords() limit 1) from pg_get_keywords()", ["", ""]],
    ["select a.grantee, c.email from customers c, aclexplode(array[c.name]) a", ["name=made", "!email=own"]],
    ["select e.n, e.x from information_schema._pg_expandarray(array[1]) e", ["", ""]],
    ["select e.x from customers c, information_schema._pg_expandarray(array[c.email]) e", ["email=made"]],
    ["select t.a from customers c, json_to_record(c.email) as t(a int)", ["email=made"]],
    ["select t.a, t.b from json_to_record('{}') as t(a int, b text)", ["", ""]],
    ["select g.n from generate_series(1, 2) as g(n)", [""]],
    ["select m[1], m from customers c, regexp_matches(c.name, 'b') m", ["name=made", "name=made"]],
    [
      "select u.a, u.b from customers c, unnest(array[c.id], array[c.email]) u(a, b)",
      ["email=made id=made", "email=made id=made"],
    ],
    ["select u.email from customers c, unnest(array(select d from customers d)) u", ["*=made"]],
    // Of what other sessions ask only that column.
    ["select s.pid, s.query, s.* from pg_stat_get_activity(null) s", ["", "?.*=made", "", "?.*=made"]],
    ["select s.p, s.q from pg_stat_get_activity(null) as s(p, q)", ["", "?.*=made"]],
    ["select s from pg_stat_get_activity(null) s", ["?.*=made"]],
    ["select s.pid from customers c, pg_stat_get_activity(c.ssn::int) s", ["ssn=made"]],
    // Functions.
    ["select mail_list('x'), mail_of(1)", ["email=made", "email=made"]],
    ["select compiled(email), name from customers", ["email=made", "!name=own"]],
    ["select * from mail_list('x')", null],
    ["select something_new(), name from customers", ["?.*=made", "!name=own"]],
    // RETURNING.
    ["delete from customers where id = 1 returning *", ["!id=own", "!name=own", "!email=own", "!ssn=own"]],
    ["update customers set name = 'x' where id = 1 returning old.email, 1", ["email=own", ""]],
    [
      "update orders o set note = 'x' from customers c where c.id = o.id returning *",
      ["!id=own", "!customer_id=own", "!note=own", "!id=own", "!name=own", "!email=own", "!ssn=own"],
    ],
    [
      "merge into orders o using customers c on o.id = c.id when matched then update set note = 'x' returning *",
      ["!id=own", "!name=own", "!email=own", "!ssn=own", "!id=own", "!customer_id=own", "!note=own"],
    ],
    // Not told by position.
    ["select (mail_of(1)).*, 1", null],
    ["select t.* from mail_list('x') t, customers", null],
    ["explain select email from customers", null],
    ["fetch all from c", null],
    // Cursors and copies have the columns of their query.
    ["declare c cursor for select id, upper(email) from customers", ["!id=own", "email=made"]],
    ["copy (select id, upper(email) from customers) to stdout", ["!id=own", "email=made"]],
  ])("%s", (text, columns) => {
    expect(resultOf(text)).toEqual(columns);
  });

  test("keeps the results of several statements apart", () => {
    const { results } = analyse("begin; select email from customers; select 1; commit");
    expect(results?.map((each) => each?.length ?? null)).toEqual([null, 1, 1, null]);
  });

  test("follows EXECUTE", () => {
    const prepared = new Map([["p", "prepare p as select id, upper(email) from customers"]]);
    expect(resultOf("execute p", { context: { prepared } })).toEqual(["!id=own", "email=made"]);
  });

  test("names the cursor of a text of one statement", () => {
    expect(analyse("declare c cursor for select 1").cursor).toEqual({ name: "c", does: "declare" });
    expect(analyse("fetch 3 from c").cursor).toEqual({ name: "c", does: "fetch" });
    expect(analyse("move 3 from c").cursor).toBeUndefined();
    expect(analyse("fetch c; fetch d").cursor).toBeUndefined();
  });

  test("says which view a value came through", () => {
    const column = analyse("select mail from mails").results?.[0]?.[0];
    expect(column?.sources).toContainEqual({ relation: 3, name: "mail", kind: "own", via: true });
    expect(column?.sources).toContainEqual({ relation: customers, name: "email", kind: "made", via: false });
  });

  test("a condition decides, and no value flows", () => {
    const { columns } = analyse(
      "select case when ssn = '1' then 1 end, count(*) filter (where email like 'a%') from customers",
    );
    expect(
      columns
        .filter(({ use }) => use === "predicate")
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["email", "ssn"]);
    expect(columns.some(({ use }) => use === "computed" || use === "output")).toBe(false);
  });

  test("whether there is a value is no comparison", () => {
    expect(analyse("select 1 from customers where email is not null").columns).toEqual([
      { relation: customers, name: "email", use: "presence" },
    ]);
    expect(analyse("select 1 from customers where nullif(email, 'x') is null").columns).toContainEqual({
      relation: customers,
      name: "email",
      use: "predicate",
    });
  });
});
