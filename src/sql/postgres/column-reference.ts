import type { ColumnUse } from "../analyser.js";
import { callFunction } from "./call.js";
import { addAll, type Collector, type Column, making } from "./column.js";
import type { Reading } from "./reading.js";
import { columnOf, findColumn, findItem, type Scope, wholeRow } from "./scope.js";
import { bodyOf, list, names, type Tree } from "./tree.js";

/** `a`, `t.a`, `s.t.a`, `t.*`, a bare `t` that is the whole row, and `t.f` that calls `f(t)`. */
export function readColumnReference(reading: Reading, body: Tree, scope: Scope, use: ColumnUse, out: Collector): void {
  const path = names(body.fields);
  const name = path.at(-1) ?? "*";
  const alias = path.at(-2);
  if (alias === undefined) {
    readBareName(name, scope, use, out);
    return;
  }
  const item = findItem(scope, alias, path.at(-3) ?? null);
  if (item === null) {
    // In a body a record variable's field: what fills the record is read where it is filled.
    if (scope.variables?.has(alias) !== true) out.add({ relation: null, name }, used(use));
    return;
  }
  if (name === "*") {
    addAll(out, wholeRow(item), use);
    return;
  }
  const column = columnOf(item, name);
  if (column !== null) {
    addAll(out, column.origins, use);
    return;
  }
  addAll(out, wholeRow(item), use);
  callFunction(reading, [name], { use, out: making(out), argument: () => addAll(out, wholeRow(item), "sink") });
}

/** `(t).a` where `t` is something in FROM: its column `a`. Null: anything else. */
export function columnOfRow(indirection: Tree, scope: Scope): Column | null {
  const path = names(bodyOf(indirection.arg, "ColumnRef")?.fields);
  const field = list(indirection.indirection);
  const name = field.length === 1 ? names(field)[0] : undefined;
  if (path.length !== 1 || path[0] === "*" || name === undefined || name === "*") return null;
  if (findColumn(scope, path[0] ?? "") !== null) return null;
  const item = findItem(scope, path[0] ?? "", null);
  return item === null ? null : columnOf(item, name);
}

function readBareName(name: string, scope: Scope, use: ColumnUse, out: Collector): void {
  if (name === "*") {
    for (const item of scope.items) addAll(out, wholeRow(item), use);
    return;
  }
  const column = findColumn(scope, name);
  if (column !== null) {
    addAll(out, column.origins, use);
    return;
  }
  const item = findItem(scope, name, null);
  if (item !== null) addAll(out, wholeRow(item), use);
  // In a body a name that no column has is a variable or a parameter: the caller's arguments stand for it.
  else if (scope.variables === null) out.add({ relation: null, name }, used(use));
}

function used(use: ColumnUse): ColumnUse {
  return use === "output" ? "computed" : use;
}
