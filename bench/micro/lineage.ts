/**
 * What reading a statement costs the first time, in the worker: parser, effects, columns and lineage by position; and the mask
 * plan made of it. `node scripts/run.mjs bench/micro/lineage [rounds]`
 */
import { planMasks } from "../../src/masking/index.js";
import { analysePostgres } from "../../src/sql/postgres/analyse.js";
import { loadPostgresParser } from "../../src/sql/postgres/parser.js";
import { atPublic, relation, shop } from "../../src/sql/testing/fixture.js";
import type { Catalogue, ColumnMask } from "../../src/vocabulary/index.js";

const rounds = Number(process.argv[2] ?? 3_000);

/** The shop among two thousand other tables. */
const catalogue: Catalogue = {
  ...shop,
  relations: [
    ...shop.relations,
    relation({ id: 50, name: "items", columns: ["id", "order_id", "product_id", "quantity", "price"] }),
    relation({ id: 51, name: "products", columns: ["id", "title", "supplier_id"] }),
    relation({ id: 52, name: "suppliers", columns: ["id", "name", "contact_email"] }),
    ...Array.from({ length: 2_000 }, (_, at) =>
      relation({ id: 1_000 + at, name: `t${at}`, columns: ["id", "a", "b", "c", "d", "e", "f", "g"] }),
    ),
  ],
};
const masks: readonly ColumnMask[] = [
  { rule: "emails", pattern: "*.*email*", mask: { method: "partial", as: "email" }, predicates: "allow" },
  { rule: "numbers", pattern: "*.ssn", mask: { method: "redact" }, predicates: "allow" },
];

const cases: Readonly<Record<string, string>> = {
  "one table": "select id, name, email from customers where id = 1",
  "five tables": `select c.id, c.name, c.email, o.id, o.note, i.quantity * i.price as total, p.title, coalesce(s.contact_email, 'none') as contact,
    case when i.quantity > 10 then 'bulk' else 'single' end, count(*) over (partition by c.id) as orders
    from customers c join orders o on o.customer_id = c.id join items i on i.order_id = o.id join products p on p.id = i.product_id
    left join suppliers s on s.id = p.supplier_id where o.id > 100 and c.name like 'a%' order by o.id desc limit 50`,
  "five tables, stars and a CTE": `with recent as (select * from orders where id > 100), priced as (select i.*, i.quantity * i.price as total from items i)
    select c.*, r.note, q.total, p.*, upper(s.contact_email) from customers c join recent r on r.customer_id = c.id join priced q on q.order_id = r.id
    join products p on p.id = q.product_id join suppliers s on s.id = p.supplier_id`,
  "view of a view": "select * from people join orders on orders.customer_id = people.customer",
  recursive:
    "with recursive t(n, e) as (select id, email from customers union all select n + 1, e from t where n < 10) select * from t",
};

const parser = await loadPostgresParser();
const show = (ms: number) => `${ms.toFixed(3)} ms`;

for (const [name, text] of Object.entries(cases)) {
  const parse = best(() => parser.parse(text));
  const analyse = best(() => analysePostgres(text, atPublic, catalogue, parser));
  const { analysis } = analysePostgres(text, atPublic, catalogue, parser);
  const plan = best(() => planMasks({ ...analysis }, catalogue, masks));
  console.log(`${name.padEnd(30)} parser ${show(parse)}   all of the analysis ${show(analyse)}   plan ${show(plan)}`);
}

/** The median of a fifth of the rounds that ran last, when all is compiled. */
function best(action: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    action();
    if (round >= rounds * 0.8) times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
