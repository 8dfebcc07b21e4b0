import { addAll, type Collector, type Column, type FromItem } from "./column.js";
import { readCondition } from "./condition.js";
import type { Place } from "./constant-condition.js";
import { readExpression } from "./expression.js";
import { readFrom, readFromItem } from "./from.js";
import { conflictsWithItself, joinsOwnRows } from "./own-rows.js";
import { readQuery, readTargets } from "./query.js";
import type { Reading } from "./reading.js";
import { createScope, type Scope, starOf } from "./scope.js";
import { bodyOf, list, type Tree, tree, word } from "./tree.js";
import { readWith } from "./with.js";
import { writeTarget } from "./write-target.js";

/** INSERT, UPDATE, DELETE or MERGE at any depth. Gives the columns of RETURNING. */
export function readModification(reading: Reading, kind: string, body: Tree, outer: Scope): readonly Column[] {
  reading.findings.effect(reading.planOnly ? "read" : "write");
  const scope = createScope(outer);
  readWith(reading, body.withClause, scope);
  const returning = tree(body.returningClause);
  const target = writeTarget(reading, tree(body.relation), list(returning.exprs).length > 0);
  switch (kind) {
    case "InsertStmt":
      readInsert(reading, body, scope, target);
      break;
    case "UpdateStmt":
      readUpdate(reading, body, scope, target);
      break;
    case "DeleteStmt":
      scope.items.push(target);
      readFrom(reading, body.usingClause, scope);
      requireWhere(reading, "delete", choosesRows(reading, body.usingClause, body.whereClause, scope, target));
      break;
    default:
      readMerge(reading, body, scope, target);
  }
  // MERGE gives the source's columns first.
  const star = kind === "MergeStmt" ? [...scope.star, ...starOf(target)] : [...starOf(target), ...scope.star];
  return readReturning(reading, returning, scope, target, star);
}

function requireWhere(reading: Reading, verb: string, chooses: boolean): void {
  if (!chooses && !reading.planOnly) reading.findings.noWhere.add(verb);
}

function readInsert(reading: Reading, body: Tree, scope: Scope, target: FromItem): void {
  const columns = list(body.cols).map((each) => word(bodyOf(each, "ResTarget")?.name));
  for (const name of columns.length === 0 ? ["*"] : columns) writes(reading, target, name);
  if (body.selectStmt !== undefined) {
    // Whatever the query gives is stored.
    for (const column of readQuery(reading, body.selectStmt, scope)) addAll(reading.findings, column.origins, "sink");
  }
  scope.items.push(target);
  const conflict = tree(body.onConflictClause);
  if (body.onConflictClause === undefined) return;
  const inner = createScope(scope);
  inner.items.push({ ...target, alias: "excluded", schema: null });
  // The target's own columns come first, `excluded` is always named.
  const both = createScope(inner);
  both.items.push(target);
  readExpression(reading, conflict.infer, both, "predicate", reading.findings);
  readAssignments(reading, conflict.targetList, both, target);
  const chooses = readCondition(reading, conflict.whereClause, both, target);
  // Every row is in conflict with itself, and is updated then.
  const updates = word(conflict.action) === "ONCONFLICT_UPDATE";
  if (updates && !chooses && conflictsWithItself(body, placeOf(reading, both, target)))
    requireWhere(reading, "update", false);
}

function placeOf(reading: Reading, scope: Scope, target: FromItem): Place {
  return { reading, scope, target, known: new Map() };
}

function readUpdate(reading: Reading, body: Tree, scope: Scope, target: FromItem): void {
  scope.items.push(target);
  readFrom(reading, body.fromClause, scope);
  readAssignments(reading, body.targetList, scope, target);
  requireWhere(reading, "update", choosesRows(reading, body.fromClause, body.whereClause, scope, target));
}

/** Whether a condition chooses among the target's rows, which are joined with what stands in `from`. */
function choosesRows(reading: Reading, from: unknown, where: unknown, scope: Scope, target: FromItem): boolean {
  const chooses = readCondition(reading, where, scope, target);
  return chooses && !joinsOwnRows(from, where, placeOf(reading, scope, target));
}

function readMerge(reading: Reading, body: Tree, scope: Scope, target: FromItem): void {
  scope.items.push(target);
  scope.star.push(...readFromItem(reading, body.sourceRelation, scope).star);
  const own = joinsOwnRows([body.sourceRelation], body.joinCondition, placeOf(reading, scope, target));
  const joined = readCondition(reading, body.joinCondition, scope, target) && !own;
  let chooses = true;
  for (const each of list(body.mergeWhenClauses)) {
    const when = tree(bodyOf(each, "MergeWhenClause"));
    const bounded = readCondition(reading, when.condition, scope, target);
    const command = word(when.commandType);
    // What has no partner in the source may be every row; so is what has one, where the join chooses nothing.
    const rows = word(when.matchKind);
    const every = rows === "MERGE_WHEN_NOT_MATCHED_BY_SOURCE" || (rows === "MERGE_WHEN_MATCHED" && !joined);
    if (every && !bounded && command !== "CMD_NOTHING") chooses = false;
    if (command === "CMD_INSERT") {
      const columns = list(when.targetList).map((column) => word(bodyOf(column, "ResTarget")?.name));
      for (const name of columns.length === 0 ? ["*"] : columns) writes(reading, target, name);
      readExpression(reading, when.values, scope, "sink", reading.findings);
    } else readAssignments(reading, when.targetList, scope, target);
  }
  requireWhere(reading, "merge", chooses);
}

/** `SET a = …`: the value flows into the target, unless it is that very column of that very row. */
function readAssignments(reading: Reading, targets: unknown, scope: Scope, target: FromItem): void {
  for (const each of list(targets)) {
    const assignment = tree(bodyOf(each, "ResTarget"));
    const name = word(assignment.name);
    writes(reading, target, name);
    readExpression(reading, assignment.indirection, scope, "predicate", reading.findings);
    const own = target.relation?.id ?? -1;
    const kept: Collector = {
      add: (origin, use) => {
        const itself = use === "sink" && origin.relation === own && origin.name === name;
        // It stays where it is, and nobody learns anything.
        reading.findings.add(origin, itself ? "presence" : use);
      },
    };
    readExpression(reading, assignment.val, scope, "sink", kept);
  }
}

function writes(reading: Reading, target: FromItem, name: string): void {
  reading.findings.add({ relation: target.relation?.id ?? null, name }, "target");
}

function readReturning(
  reading: Reading,
  returning: Tree,
  scope: Scope,
  target: FromItem,
  star: readonly Column[],
): readonly Column[] {
  if (list(returning.exprs).length === 0) return [];
  // `old` and `new` are never meant by a bare column name: they stand one level out.
  const versions = createScope(scope);
  const changed = target.columns.map((column) => ({ ...column, plain: false }));
  for (const alias of ["old", "new", ...renamedVersions(returning)])
    versions.items.push({ ...target, alias, schema: null, relation: null, columns: changed });
  const inner = createScope(versions);
  inner.items.push(...scope.items);
  inner.star.push(...star);
  return readTargets(reading, returning.exprs, inner);
}

function renamedVersions(returning: Tree): string[] {
  return list(returning.options).map((each) => word(bodyOf(each, "ReturningOption")?.value));
}
