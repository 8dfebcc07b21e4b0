import type { CatalogueFunction, Effect } from "../../vocabulary/index.js";
import { type Collector, madeOf, type Origin, ValueCollector } from "./column.js";
import { Findings } from "./findings.js";
import { readPlpgsql } from "./plpgsql.js";
import { type Followed, type Reading, UnreadableText } from "./reading.js";
import { createScope, type Scope } from "./scope.js";
import { schemasOf } from "./search-path.js";
import { readBodyStatements, readStatement, type Told } from "./statement.js";
import { bodyOf, list } from "./tree.js";

/** Effects that keep what a body is given inside of it. */
const contained = new Set<Effect>(["read"]);

/** What a function's body does; null when it cannot be read. Each function is read once an analysis. */
export function followFunction(reading: Reading, fn: CatalogueFunction): Followed | null {
  const { functions } = reading.shared;
  const known = functions.get(fn.id);
  // It calls itself: what it does is being found out already.
  if (known === "underway") reading.shared.cyclic = true;
  if (known === "underway")
    return { findings: new Findings(reading.index), values: [], columns: null, contained: true };
  if (known !== undefined) return known;
  if (reading.depth >= reading.limits.maxFollow || fn.body === null) return null;
  functions.set(fn.id, "underway");
  const findings = new Findings(reading.index);
  const values = new ValueCollector(findings);
  let columns: readonly (readonly Origin[])[] | null = null;
  const told: Told = (last) => {
    columns = last.every((column) => column.name !== "*") ? last.map((column) => column.origins.map(madeOf)) : null;
  };
  const inner: Reading = { ...reading, findings, path: pathOf(reading, fn), depth: reading.depth + 1, planOnly: false };
  // What was called on the way here was called for another result.
  const outer = [...reading.shared.calling];
  reading.shared.calling.clear();
  try {
    if (fn.language === "sql") readSqlBody(inner, fn.body, values, told);
    else readPlpgsql(inner, { body: fn.body, procedure: fn.kind === "procedure" }, values);
  } catch (thrown) {
    functions.delete(fn.id);
    if (thrown instanceof UnreadableText) return null;
    throw thrown;
  } finally {
    reading.shared.calling.clear();
    for (const id of outer) reading.shared.calling.add(id);
  }
  const followed: Followed = {
    findings,
    values: values.origins(),
    columns,
    contained: !findings.opaque && [...findings.effects].every((effect) => contained.has(effect)),
  };
  functions.set(fn.id, followed);
  if (reading.shared.cyclic) {
    // Read from elsewhere it may show more: what the others on the way show was still being found out.
    functions.delete(fn.id);
    reading.shared.cyclic = [...functions.values()].includes("underway");
  }
  return followed;
}

/** Statements in a string, or a body in standard SQL as the server prints it. */
function readSqlBody(reading: Reading, body: string, values: Collector, told: Told): void {
  const standard = /^\s*(begin\s+atomic|return)\b/i.test(body);
  const statements = reading.parser.parse(standard ? `create function f() returns int language sql ${body}` : body);
  // An empty source is a body that is kept elsewhere.
  if (statements.length === 0) throw new UnreadableText("the function has no source");
  // Parameters are not in the catalogue: a name that no column has is one.
  const scope = createScope(null, new Set());
  if (standard) readAtomic(reading, bodyOf(statements[0]?.node, "CreateFunctionStmt")?.sql_body, scope, values);
  else if (statements.length === 1) readStatement(reading, statements[0]?.node, scope, values, told);
  else readBodyStatements(reading, statements, scope, values);
}

function readAtomic(reading: Reading, node: unknown, scope: Scope, values: Collector): void {
  const items = bodyOf(node, "List")?.items;
  if (items === undefined) readStatement(reading, node, scope, values);
  else for (const each of list(items)) readAtomic(reading, each, scope, values);
}

function pathOf(reading: Reading, fn: CatalogueFunction): readonly string[] {
  const setting = fn.settings?.find((each) => each.startsWith("search_path="));
  return setting === undefined ? reading.path : schemasOf(setting.slice("search_path=".length), reading.context.role);
}
