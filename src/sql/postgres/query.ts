import { keepsValues } from "./call.js";
import { addAll, allOrigins, type Column, madeOf, making, ValueCollector } from "./column.js";
import { columnOfRow } from "./column-reference.js";
import { readExpression } from "./expression.js";
import { readFrom } from "./from.js";
import { readModification } from "./modify.js";
import { type Reading, visit } from "./reading.js";
import { columnOf, createScope, findColumn, findItem, type Scope, starOf } from "./scope.js";
import { targetsOfNamedSetting } from "./setting-of-row.js";
import { bodyOf, list, names, type Tree, tree, unwrap, word } from "./tree.js";
import { readWith } from "./with.js";

/** Reads a query, or a modification with RETURNING, and gives its columns. What its result columns read is for the caller to add. */
export function readQuery(reading: Reading, node: unknown, outer: Scope): readonly Column[] {
  const wrapped = unwrap(node);
  switch (wrapped?.kind) {
    case "SelectStmt":
      return readSelect(reading, wrapped.body, outer);
    case "InsertStmt":
    case "UpdateStmt":
    case "DeleteStmt":
    case "MergeStmt":
      return readModification(reading, wrapped.kind, wrapped.body, outer);
    default:
      reading.findings.unknown(`${wrapped?.kind ?? "something"} where a query was expected`);
      reading.findings.opaque = true;
      return [{ name: "*", origins: [], plain: false }];
  }
}

function readSelect(reading: Reading, body: Tree, outer: Scope): readonly Column[] {
  visit(reading);
  // VALUES of an INSERT reads nothing by itself.
  if (list(body.valuesLists).length === 0) reading.findings.effect("read");
  const scope = createScope(outer);
  readWith(reading, body.withClause, scope);
  const columns =
    word(body.op) === "SETOP_NONE" || body.op === undefined
      ? readSimple(reading, body, scope)
      : readSetOperation(reading, body, scope);
  readOrder(reading, body.sortClause, columns, scope);
  for (const limit of [body.limitCount, body.limitOffset])
    readExpression(reading, limit, scope, "predicate", reading.findings);
  if (list(body.lockingClause).length > 0) lockRows(reading, scope);
  return columns;
}

function readSimple(reading: Reading, body: Tree, scope: Scope): readonly Column[] {
  const { findings } = reading;
  if (list(body.valuesLists).length > 0) return readValues(reading, list(body.valuesLists), scope);
  readFrom(reading, body.fromClause, scope);
  const columns = readTargets(reading, targetsOfNamedSetting(body) ?? body.targetList, scope);
  for (const deciding of [body.whereClause, body.havingClause, body.windowClause])
    readExpression(reading, deciding, scope, "predicate", findings);
  readOrder(reading, body.groupClause, columns, scope);
  const distinct = list(body.distinctClause);
  // A bare DISTINCT is a list of one empty node.
  if (distinct.length > 0 && distinct.every((each) => unwrap(each) === null)) decide(reading, columns);
  else readOrder(reading, distinct, columns, scope);
  return columns;
}

function readSetOperation(reading: Reading, body: Tree, scope: Scope): readonly Column[] {
  const left = readSelect(reading, tree(body.larg), scope);
  const right = readSelect(reading, tree(body.rarg), scope);
  const columns: Column[] = [];
  // Where a star hides how many columns there are, any may stand at any place.
  if ([...left, ...right].some((column) => column.name === "*")) {
    const everything = allOrigins([...left, ...right]);
    for (const column of left) columns.push({ name: column.name, origins: everything, plain: false });
  } else {
    const kept = keepsValues(reading);
    for (const [at, column] of left.entries()) {
      const origins = allOrigins([column, right[at] ?? { origins: [] }]);
      columns.push({ name: column.name, origins: kept ? origins : origins.map(madeOf), plain: false });
    }
  }
  if (body.all !== true || word(body.op) !== "SETOP_UNION") decide(reading, columns);
  return columns;
}

/** `VALUES (…), (…)`: column1, column2, … */
export function readValues(reading: Reading, rows: readonly unknown[], scope: Scope): readonly Column[] {
  const columns: ValueCollector[] = [];
  for (const row of rows) {
    for (const [at, value] of list(bodyOf(row, "List")?.items).entries()) {
      columns[at] ??= new ValueCollector(reading.findings);
      readExpression(reading, value, scope, "computed", columns[at]);
    }
  }
  return columns.map((values, at) => ({ name: `column${at + 1}`, origins: values.origins(), plain: false }));
}

/** Result columns of SELECT or RETURNING. */
export function readTargets(reading: Reading, targets: unknown, scope: Scope): readonly Column[] {
  const columns: Column[] = [];
  for (const each of list(targets)) {
    const target = bodyOf(each, "ResTarget");
    if (target !== null) readTarget(reading, target, scope, columns);
  }
  return columns;
}

function readTarget(reading: Reading, target: Tree, scope: Scope, columns: Column[]): void {
  visit(reading);
  const reference = bodyOf(target.val, "ColumnRef");
  const path = reference === null ? [] : names(reference.fields);
  if (path.at(-1) === "*") {
    columns.push(...star(reading, path, scope));
    return;
  }
  const indirection = bodyOf(target.val, "A_Indirection");
  if (indirection !== null && bodyOf(list(indirection.indirection).at(-1), "A_Star") !== null) {
    columns.push(...starOfRow(reading, indirection, scope));
    return;
  }
  const column =
    reference !== null ? plainColumn(path, scope) : indirection !== null ? columnOfRow(indirection, scope) : null;
  const name = word(target.name) || resultName(target.val);
  if (column !== null) {
    columns.push({ ...column, name });
    return;
  }
  const values = new ValueCollector(reading.findings);
  readExpression(reading, target.val, scope, "computed", values);
  columns.push({ name, origins: values.origins(), plain: false });
}

function plainColumn(path: readonly string[], scope: Scope): Column | null {
  const name = path.at(-1) ?? "";
  const alias = path.at(-2);
  if (alias === undefined) return findColumn(scope, name);
  const item = findItem(scope, alias, path.at(-3) ?? null);
  return item === null ? null : columnOf(item, name);
}

function star(reading: Reading, path: readonly string[], scope: Scope): readonly Column[] {
  const alias = path.at(-2);
  if (alias === undefined) {
    for (const each of scope.items) each.touched = true;
    return scope.star;
  }
  const item = findItem(scope, alias, path.at(-3) ?? null);
  if (item !== null) return starOf(item);
  if (scope.variables?.has(alias) === true) return [{ name: "*", origins: [], plain: false }];
  reading.findings.unknown(`what ${path.join(".")} stands for is not known`);
  return [{ name: "*", origins: [{ relation: null, name: "*" }], plain: false }];
}

/** `(…).*`: the columns of a value that is a row. */
function starOfRow(reading: Reading, indirection: Tree, scope: Scope): readonly Column[] {
  const path = names(bodyOf(indirection.arg, "ColumnRef")?.fields);
  const bare = list(indirection.indirection).length === 1 && path.length === 1;
  const item = bare && findColumn(scope, path[0] ?? "") === null ? findItem(scope, path[0] ?? "", null) : null;
  if (item !== null) return starOf(item);
  const values = new ValueCollector(reading.findings);
  readExpression(reading, { A_Indirection: indirection }, scope, "computed", making(values));
  return [{ name: "*", origins: values.origins(), plain: false }];
}

/** ORDER BY, GROUP BY and DISTINCT ON: an expression, the name of a result column, or its number. */
function readOrder(reading: Reading, clause: unknown, columns: readonly Column[], scope: Scope): void {
  for (const each of list(clause)) {
    const node = bodyOf(each, "SortBy")?.node ?? each;
    // GROUPING SETS, and rows in GROUP BY, which stand for their parts.
    const parts = bodyOf(node, "GroupingSet")?.content ?? bodyOf(node, "RowExpr")?.args;
    if (parts !== undefined) {
      readOrder(reading, parts, columns, scope);
      continue;
    }
    const constant = bodyOf(node, "A_Const");
    if (constant !== null) {
      // A bare number counts result columns, so its value matters.
      reading.findings.literalsMatter = true;
      const at = Number(tree(constant.ival).ival ?? 0) - 1;
      const counted = columns.every((column) => column.name !== "*");
      decide(reading, counted ? columns.slice(at, at + 1) : columns);
      continue;
    }
    const reference = bodyOf(node, "ColumnRef");
    const path = reference === null ? [] : names(reference.fields);
    if (path.length === 1) {
      const named = columns.filter((column) => column.name === path[0]);
      decide(reading, named);
      if (named.length > 0 && findColumn(scope, path[0] ?? "") === null) continue;
    }
    readExpression(reading, each, scope, "predicate", reading.findings);
  }
}

function decide(reading: Reading, columns: readonly Column[]): void {
  for (const column of columns) addAll(reading.findings, column.origins, "predicate");
}

/** FOR UPDATE and its kin: the server counts them as writes, a read-only transaction may not. */
function lockRows(reading: Reading, scope: Scope): void {
  if (reading.planOnly) return;
  reading.findings.effect("write");
  reading.findings.utility.add("lock_rows");
  for (const item of scope.items)
    if (item.relation !== null)
      reading.findings.resource("relation", `${item.relation.schema}.${item.relation.name}`, "write");
}

/** The name that the server gives to a result column without AS; `?` where this is not the place to know. */
function resultName(node: unknown): string {
  const wrapped = unwrap(node);
  switch (wrapped?.kind) {
    case "ColumnRef":
      return names(wrapped.body.fields).at(-1) ?? "?";
    case "FuncCall":
      return names(wrapped.body.funcname).at(-1) ?? "?";
    case "CollateClause":
      return resultName(wrapped.body.arg);
    case "TypeCast": {
      const inner = resultName(wrapped.body.arg);
      return inner === "?" ? (names(tree(wrapped.body.typeName).names).at(-1) ?? "?") : inner;
    }
    case "CoalesceExpr":
      return "coalesce";
    default:
      return "?";
  }
}
