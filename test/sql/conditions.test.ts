import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { indexCatalogue } from "../../src/sql/postgres/catalogue-index.js";
import { constantValue } from "../../src/sql/postgres/constant-condition.js";
import { loadPostgresParser } from "../../src/sql/postgres/parser.js";
import type { Reading } from "../../src/sql/postgres/reading.js";
import { createScope } from "../../src/sql/postgres/scope.js";
import { bodyOf } from "../../src/sql/postgres/tree.js";
import { orders, shop } from "../../src/sql/testing/fixture.js";
import type { Catalogue } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const parser = await loadPostgresParser();

const integer = 23;
const typed: Catalogue = {
  ...shop,
  relations: shop.relations.map((relation) =>
    relation.id !== orders
      ? relation
      : {
          ...relation,
          columns: relation.columns.map((column) => ({
            ...column,
            typeId: column.name === "note" ? column.typeId : integer,
            ...(column.name === "id" ? { notNull: true as const } : {}),
          })),
        },
  ),
};

/** What the text alone says that a condition on `orders` comes to. */
function said(condition: string): boolean | null {
  const index = indexCatalogue(typed);
  const relation = index.relation(orders)!;
  const target = {
    alias: "orders",
    schema: "public",
    relation,
    columns: index.columns(relation),
    open: "closed" as const,
    carries: [],
    touched: false,
  };
  const scope = createScope(null);
  scope.items.push(target);
  const reading = { index, path: ["public"], findings: { literalsMatter: false } } as unknown as Reading;
  const [statement] = parser.parse(`delete from orders where ${condition}`);
  const where = bodyOf(statement!.node, "DeleteStmt")?.whereClause;
  return constantValue(where, { reading, scope, target, known: new Map() });
}

const atom = fc.constantFrom("id", "customer_id", "orders.id", "1", "2", "0", "-1", "length(note)", "id + 1", "0.0");
const number = fc.oneof(
  { weight: 3, arbitrary: atom },
  fc.tuple(fc.constantFrom("id", "id", "customer_id", "0", "1"), fc.constantFrom("+", "-", "*"), atom).map(sum),
  fc
    .tuple(
      fc.constantFrom("id", "- id", "(id - id)"),
      fc.constantFrom("* 1", "* 0", "/ 1", "| 0", "& 0", "& 1", "# 0", "<< 0"),
    )
    .map(sum),
  fc.constantFrom(
    "id * id",
    "customer_id * customer_id + 1",
    "abs(id)",
    "abs(id - 3)",
    "id::numeric",
    "coalesce(id, 7)",
    "- (id * id)",
  ),
);
function sum(parts: readonly string[]): string {
  return `(${parts.join(" ")})`;
}

const text = fc.constantFrom("note", "orders.note", "'a'", "''", "note || 'a'");
const pattern = fc.constantFrom("'%'", "'%%'", "'a%'", "'_'", "''", "note");
const regex = fc.constantFrom("''", "'.*'", "'^.*$'", "'^$'", "'^'", "'$'", "'a'", "'.+'", "'.*a'");
const joined = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part))).map((all) => all.join(" "));

const { condition } = fc.letrec<{ condition: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    joined(
      number,
      fc.constantFrom("=", "<>", "!=", "<", "<=", ">", ">=", "is distinct from", "is not distinct from"),
      number,
    ),
    joined(number, fc.constantFrom("between", "not between", "between symmetric"), number, "and", number),
    joined(text, fc.constantFrom("like", "not like", "ilike", "not ilike", "similar to", "not similar to"), pattern),
    joined(text, fc.constantFrom("~", "!~", "~*", "!~*"), regex),
    joined(number, fc.constantFrom("in", "not in"), "(", number, ",", number, ")"),
    joined(number, "= any (array[", number, ",", number, "])"),
    joined("null", fc.constantFrom("is distinct from", "is not distinct from"), number),
    joined(number, fc.constantFrom("is null", "is not null")),
    fc.constantFrom(
      "true",
      "false",
      "id in (select id from orders)",
      "id not in (select id from orders)",
      "id in (select customer_id from orders)",
      "id in (select id from orders limit 1)",
      "exists (select 1 from orders o where o.id = orders.id)",
      "exists (select 1 from orders o where o.id = orders.customer_id)",
      "exists (select 1 from orders o where o.note = orders.note and o.id = orders.id)",
    ),
  ),
  condition: fc.oneof(
    { maxDepth: 2 },
    tie("leaf"),
    joined("(", tie("condition"), fc.constantFrom("and", "or"), tie("condition"), ")"),
    joined("(", tie("condition"), "or", tie("condition"), "or", tie("condition"), ")"),
    joined("not (", tie("condition"), ")"),
    joined(
      "((",
      tie("condition"),
      ")",
      fc.constantFrom("is true", "is not true", "is false", "is not false", "is unknown", "is not null"),
      ")",
    ),
    joined("((", tie("condition"), ")", fc.constantFrom("=", "<>"), "(", tie("condition"), "))"),
    joined("( case when", tie("condition"), "then", tie("condition"), "else", tie("condition"), "end )"),
    joined("((", tie("condition"), ")::boolean)"),
  ),
}));

/** What is said of a condition by its text alone holds for the server: a rule that turned an ordinary statement away would be wrong. */
describe("a condition that is said to come to the same for every row", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({
      version: 15,
      sql: `create table orders (id int not null, customer_id int, note text);
        insert into orders values (1, 2, 'a'), (2, 1, ''), (-3, -3, 'abc'), (0, 7, E'line\\nline'), (5, 5, '%')`,
    });
  });
  afterAll(async () => server?.stop());

  it("does, in PostgreSQL", async () => {
    const found = { true: new Set<string>(), false: new Set<string>() };
    fc.assert(
      fc.property(condition, (each) => {
        const value = said(each);
        if (value !== null) found[`${value}`].add(each);
      }),
      { numRuns: 3_000 },
    );
    expect(found.true.size).toBeGreaterThan(100);
    expect(found.false.size).toBeGreaterThan(100);
    for (const [value, texts] of Object.entries(found)) {
      const all = [...texts];
      for (let at = 0; at < all.length; at += 50) {
        const some = all.slice(at, at + 50);
        const { rows } = await server.query(
          `select ${some.map((each, i) => `count(*) filter (where ${each})::int as c${i}`).join(", ")} from orders`,
        );
        for (const [i, each] of some.entries())
          expect(rows[0][`c${i}`], `${each} was said to be ${value}`).toBe(value === "true" ? 5 : 0);
      }
    }
  });
});
