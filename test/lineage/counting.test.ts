import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gated, serveGated } from "../support/lineage/gated-postgres.js";
import { policyOf, twins, worldSql } from "../support/lineage/world.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { field, RawPostgres } from "../support/raw-postgres.js";

const [secrets] = twins;
let server: PostgresServer;
let gated: Gated;
let raw: RawPostgres;

beforeAll(async () => {
  server = await startPostgres({ version: 15, auth: "trust", sql: `${worldSql(secrets)}; analyze;` });
  gated = await serveGated({ server, policy: policyOf("deny") });
  raw = await RawPostgres.open(gated, { user: "postgres", database: "app" });
});
afterAll(async () => {
  raw?.close();
  await gated?.stop();
  await server?.stop();
});

describe("what a mask hides cannot be counted out", () => {
  test.each([
    "select id, regexp_matches(email, '^c') from customers",
    "select id, generate_series(1, ascii(substr(email, 2, 1))) from customers",
    "select count(*) from customers c, generate_series(1, ascii(c.email))",
    "select count(*) from customers c, unnest(string_to_array(c.email, 'a')) u",
    "select c.id from customers c, lateral regexp_matches(c.email, '^c') m",
    `select c.id from customers c, jsonb_path_query(to_jsonb(c.email), '$ ? (@ starts with "c")') m`,
    "select id from customers, xmltable('/a' passing xmlelement(name a, email) columns v text path '.') x",
    "select attname from pg_stats where histogram_bounds::text like '%a%'",
    "select attname from pg_stats order by most_common_vals::text",
    "select staattnum from pg_statistic where stavalues1::text like '%a%'",
    "select s.attname from pg_stats s where s::text like '%a%'",
  ])("%s", async (text) => {
    const answer = await raw.query(text);
    expect(field(answer, "C")).toBe("42501");
    expect(field(answer, "M")).toContain("masked for you");
  });

  test.each([
    "select id, generate_series(1, 2), upper(email) from customers",
    "select attname, most_common_vals from pg_stats where tablename = 'customers'",
    "explain select * from customers where id = 1",
  ])("goes on: %s", async (text) => {
    expect((await raw.query(text)).some(({ type }) => type === "D")).toBe(true);
  });
});
