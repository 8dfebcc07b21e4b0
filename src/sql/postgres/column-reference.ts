import type { ColumnUse } from "../analyser.js";
import { callFunction } from "./call.js";
import { addAll, type Collector } from "./column.js";
import type { Reading } from "./reading.js";
import { columnOf, findColumn, findItem, type Scope, wholeRow } from "./scope.js";
import { names, type Tree } from "./tree.js";

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
  callFunction(reading, [name], { use, out, argument: () => addAll(out, wholeRow(item), "sink") });
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
