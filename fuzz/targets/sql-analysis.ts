import { mutated, type Random } from "../../src/protocol/compliance/random.js";
import type { SqlAnalyser } from "../../src/sql/index.js";
import { createSqlAnalyser, type SqlAnalysis } from "../../src/sql/index.js";
import { scanTokens } from "../../src/sql/lexer.js";
import { atPublic, shop } from "../../src/sql/testing/fixture.js";
import { Finding, type FuzzTarget } from "../target.js";
import { sqlSeeds } from "./sql-lexer.js";

const literals = ["1", "0", "-1", "'a'", "'customers'", "''", "1e9", "'{1,2}'", "null", "true", "'now'", "'a''b'"];
const texts = [
  ...sqlSeeds,
  "select name, email from customers where id = 1",
  "delete from orders",
  "delete from orders where id in (1, 2, 3)",
  "update customers set email = 'x' where id = 2 returning *",
  "select set_config('search_path', 'a', false)",
  "select nextval('orders_id_seq'), 'customers'::regclass",
  "select query_to_xml('select * from customers', true, false, '')",
  "insert into orders select * from customers limit 1",
];

let analysers: { readonly cached: SqlAnalyser; readonly plain: SqlAnalyser } | null = null;

/** The cache by shape and the parser never disagree, and what cannot be read is `unknown`. */
export const sqlAnalysis: FuzzTarget = {
  name: "sql-analysis",
  seeds: () => texts.map((text) => Buffer.from(text)),
  mutate: (input, random) =>
    random(3) === 0 ? mutated(random, input) : withOtherLiterals(input.toString("utf8"), random),
  async run(input) {
    analysers ??= {
      cached: createSqlAnalyser({ workers: 1 }),
      plain: createSqlAnalyser({ workers: 1, cache: { count: 0, bytes: 0 } }),
    };
    const text = input.toString("utf8");
    const [cached, plain] = await Promise.all([analysed(analysers.cached, text), analysed(analysers.plain, text)]);
    if (JSON.stringify(cached) !== JSON.stringify(plain))
      throw new Finding(`${JSON.stringify(text)}: cached ${JSON.stringify(cached)}, parsed ${JSON.stringify(plain)}`);
    if (plain.unknowns.length > 0 && !plain.effects.includes("unknown"))
      throw new Finding("unknowns without the effect unknown");
    return `${plain.effects.join()} ${Object.keys(plain.attributes).join()} ${plain.opaque} ${plain.unknowns.length > 0}`;
  },
  async close() {
    await Promise.all([analysers?.cached.close(), analysers?.plain.close()]);
  },
};

const analysed = (analyser: SqlAnalyser, text: string) =>
  new Promise<SqlAnalysis>((resolve) => analyser.analyse(text, atPublic, shop, resolve));

/** The same statement with some of its literals exchanged: what a cache by shape takes for the same. */
function withOtherLiterals(text: string, random: Random): Buffer {
  let out = "";
  let last = 0;
  scanTokens(text, (kind, start, end) => {
    if ((kind !== "string" && kind !== "number") || random(2) === 0) return;
    out += text.slice(last, start) + literals[random(literals.length)]!;
    last = end;
  });
  return Buffer.from(out + text.slice(last));
}
