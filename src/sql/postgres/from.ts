import type { ColumnUse } from "../analyser.js";
import { readOperator } from "./call.js";
import {
  addAll,
  allOrigins,
  type Column,
  type FromItem,
  madeOf,
  making,
  type Origin,
  ValueCollector,
} from "./column.js";
import { readExpression, readType } from "./expression.js";
import { functionColumns, functionOrigins } from "./function-columns.js";
import { readQuery } from "./query.js";
import { type Reading, visit } from "./reading.js";
import { readRelation } from "./relation.js";
import { columnOf, createScope, findTable, type Scope, starOf, withoutItems } from "./scope.js";
import { bodyOf, list, names, type Tree, tree, unwrap, word } from "./tree.js";

/** Reads what stands in FROM into the scope. */
export function readFrom(reading: Reading, clause: unknown, scope: Scope): void {
  for (const each of list(clause)) scope.star.push(...readFromItem(reading, each, scope).star);
}

/** What one thing in FROM brought: what has a name of its own, and what `*` makes of all of it. */
interface Brought {
  readonly items: readonly FromItem[];
  readonly star: readonly Column[];
}

/** Reads one thing in FROM into the scope's items. */
export function readFromItem(reading: Reading, node: unknown, scope: Scope): Brought {
  visit(reading);
  const wrapped = unwrap(node);
  if (wrapped === null) return { items: [], star: [] };
  const { kind, body } = wrapped;
  if (kind === "JoinExpr") return readJoin(reading, body, scope);
  const item = single(reading, kind, body, scope);
  scope.items.push(item);
  return { items: [item], star: starOf(item) };
}

function single(reading: Reading, kind: string, body: Tree, scope: Scope): FromItem {
  switch (kind) {
    case "RangeVar":
      return rangeVar(reading, body, scope);
    case "RangeSubselect": {
      const columns = readQuery(reading, body.subquery, body.lateral === true ? scope : withoutItems(scope));
      return derived(columns, body.alias);
    }
    case "RangeFunction":
      return rangeFunction(reading, body, scope);
    case "RangeTableSample": {
      const item = single(reading, unwrap(body.relation)?.kind ?? "", tree(unwrap(body.relation)?.body), scope);
      readExpression(reading, [body.args, body.repeatable], scope, "predicate", reading.findings);
      if (!["system", "bernoulli"].includes(names(body.method).at(-1) ?? ""))
        reading.findings.unknown("a sampling method outside the system's");
      return item;
    }
    case "RangeTableFunc":
    case "JsonTable": {
      // XMLTABLE and JSON_TABLE: every column is made of everything that went in.
      const values = new ValueCollector(reading.findings);
      readExpression(reading, body, scope, "computed", values);
      // How many rows it has says what went in.
      readExpression(reading, body, scope, "predicate", reading.findings);
      return renamed({ ...derived([]), open: "carried", carries: values.origins() }, body.alias);
    }
    default:
      reading.findings.unknown(`${kind} in FROM cannot be read`);
      reading.findings.opaque = true;
      return renamed({ ...derived([]), open: "named" }, body.alias);
  }
}

/** A query's result as a thing in FROM. */
function derived(columns: readonly Column[], alias: unknown = null): FromItem {
  const name = word(tree(alias).aliasname);
  const renames = names(tree(alias).colnames);
  const counted = columns.every((column) => column.name !== "*");
  const everything = allOrigins(columns);
  const named = columns.map((column, at) => ({ ...column, name: renames[at] ?? column.name }));
  // After a star of unknown width nobody knows which column a new name stands for.
  const shown =
    counted || renames.length === 0
      ? named
      : renames.map((each) => ({ name: each, origins: everything, plain: false }));
  const nameless = shown.filter((column) => column.name === "*" || column.name === "?");
  return {
    alias: name,
    schema: null,
    relation: null,
    columns: shown.filter((column) => !nameless.includes(column)),
    open: !counted ? "named" : nameless.length > 0 ? "carried" : "closed",
    carries: counted ? allOrigins(nameless) : everything,
    touched: false,
  };
}

function rangeVar(reading: Reading, body: Tree, scope: Scope): FromItem {
  const name = word(body.relname);
  const table = word(body.schemaname) === "" ? findTable(scope, name) : null;
  if (table !== null) {
    const item = derived(table.columns(), body.alias);
    return item.alias === "" ? { ...item, alias: name } : item;
  }
  const alias = word(tree(body.alias).aliasname);
  return renamed(readRelation(reading, body, alias === "" ? name : alias), body.alias);
}

/** `AS a (x, y)`: renames the item and its first columns. */
function renamed(item: FromItem, alias: unknown): FromItem {
  const name = word(tree(alias).aliasname);
  const renames = names(tree(alias).colnames);
  if (renames.length === 0) return name === "" ? item : { ...item, alias: name };
  const columns = item.columns.map((column, at) => ({ ...column, name: renames[at] ?? column.name }));
  // Names for columns that nobody could list.
  const unlisted: Origin[] =
    item.open === "named" ? [...item.carries, { relation: null, name: "*" }] : [...item.carries];
  for (const rename of renames.slice(columns.length)) columns.push({ name: rename, origins: unlisted, plain: false });
  return { ...item, alias: name === "" ? item.alias : name, columns };
}

function rangeFunction(reading: Reading, body: Tree, scope: Scope): FromItem {
  const values = new ValueCollector(reading.findings);
  // Each is the call, and the columns that AS gives it.
  const calls = list(body.functions).map((each) => list(bodyOf(each, "List")?.items));
  for (const [call] of calls) readExpression(reading, call, scope, "computed", values);
  for (const each of [...list(body.coldeflist), ...calls.flatMap(definitions)])
    readType(reading, tree(tree(bodyOf(each, "ColumnDef")).typeName), "computed", values);
  const origins = values.origins().map(madeOf);
  const names = calls.map((call, at) => {
    const defined = [...definitions(call), ...(at === 0 ? list(body.coldeflist) : [])];
    if (defined.length > 0) return defined.map((each) => word(tree(bodyOf(each, "ColumnDef")).colname));
    return functionColumns(reading, bodyOf(call[0], "FuncCall"));
  });
  const alias = word(tree(body.alias).aliasname);
  const called = calls.map(([call]) => calledName(call)).find((name) => name !== "") ?? "";
  // A function's one column has its name, or its alias.
  const own = (listed: readonly string[], at: number) =>
    listed.length > 0 ? listed : [(calls.length === 1 ? alias : "") || calledName(calls[at]?.[0])];
  const known = names.every((each) => each !== null);
  const listed = known ? names.flatMap((each, at) => own(each, at)) : [alias || called];
  if (known && body.ordinality === true) listed.push("ordinality");
  const alone = calls.length === 1 && known ? bodyOf(calls[0]?.[0], "FuncCall") : null;
  const byColumn = alone === null ? null : functionOrigins(reading, alone, names[0] ?? []);
  const given = new ValueCollector(reading.findings);
  if (byColumn !== null) readExpression(reading, alone?.args, scope, "computed", making(given));
  const item: FromItem = {
    alias: called,
    schema: null,
    relation: null,
    columns: listed.map((name, at) => ({
      name,
      origins:
        byColumn === null ? origins : allOrigins([{ origins: byColumn[at] ?? [] }, { origins: given.origins() }]),
      plain: false,
    })),
    open: known ? "closed" : "carried",
    carries: origins,
    touched: false,
  };
  return renamed(item, body.alias);
}

function calledName(call: unknown): string {
  return names(bodyOf(call, "FuncCall")?.funcname).at(-1) ?? "";
}

/** The columns of `f() AS (a t)` inside of ROWS FROM. */
function definitions(call: readonly unknown[]): readonly unknown[] {
  return list(bodyOf(call[1], "List")?.items);
}

function readJoin(reading: Reading, body: Tree, scope: Scope): Brought {
  // An alias hides the names inside.
  const named = word(tree(body.alias).aliasname) !== "";
  const inner = named ? createScope(null) : scope;
  if (named) {
    for (const [name, table] of collectTables(scope)) inner.tables.set(name, table);
    inner.items.push(...scope.items);
  }
  const left = readFromItem(reading, body.larg, inner);
  const right = readFromItem(reading, body.rarg, inner);
  const items = [...left.items, ...right.items];
  const using = names(body.usingClause);
  const shared = body.isNatural === true ? common(left.star, right.star) : using;
  // The columns are compared by whatever `=` means.
  if (shared.length > 0) readOperator(reading, ["="], inner, "predicate", reading.findings);
  for (const name of shared) {
    inner.merged.add(name);
    for (const item of items) predicate(reading, item, name);
  }
  if (body.isNatural === true) {
    // Beside columns that nobody could list any of the others may be compared.
    if (left.star.some(isUnlisted)) decides(reading, right.star);
    if (right.star.some(isUnlisted)) decides(reading, left.star);
  }
  readExpression(reading, body.quals, inner, "predicate", reading.findings);
  const alias = word(tree(body.join_using_alias).aliasname);
  if (alias !== "") {
    const columns = using.map((name) => merged(items, name));
    inner.items.push({ ...derived(columns), alias });
  }
  // Merged columns come first and once. Beside columns that nobody could list a natural join may have merged others.
  const rest = [...left.star, ...right.star].filter((column) => !shared.includes(column.name));
  const star = [...shared.map((name) => merged(items, name)), ...rest];
  if (!named) return { items, star };
  const item = derived(star, body.alias);
  scope.items.push(item);
  return { items: [item], star: starOf(item) };
}

function collectTables(scope: Scope): Scope["tables"] {
  const tables: Scope["tables"] = new Map();
  for (let level: Scope | null = scope; level !== null; level = level.parent)
    for (const [name, table] of level.tables) if (!tables.has(name)) tables.set(name, table);
  return tables;
}

function merged(items: readonly FromItem[], name: string): Column {
  return { name, origins: allOrigins(items.map((item) => columnOf(item, name) ?? { origins: [] })), plain: false };
}

function common(left: readonly Column[], right: readonly Column[]): string[] {
  const rights = new Set(right.map((column) => column.name));
  return [...new Set(left.map((column) => column.name))].filter((name) => name !== "*" && rights.has(name));
}

function isUnlisted({ name }: Column): boolean {
  return name === "*";
}

function decides(reading: Reading, columns: readonly Column[]): void {
  for (const { origins } of columns) addAll(reading.findings, origins, "predicate");
}

function predicate(reading: Reading, item: FromItem, name: string): void {
  const use: ColumnUse = "predicate";
  addAll(reading.findings, columnOf(item, name)?.origins ?? [], use);
}
