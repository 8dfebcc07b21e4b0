import { allOrigins, type Column, madeOf } from "./column.js";
import { readQuery } from "./query.js";
import type { Reading } from "./reading.js";
import { type CommonTable, type Scope, withoutItems } from "./scope.js";
import { bodyOf, list, names, type Tree, tree, word } from "./tree.js";

/** Reads the queries of WITH into the scope. Each is read even when nothing names it: one that writes runs all the same. */
export function readWith(reading: Reading, clause: unknown, scope: Scope): void {
  const body = tree(clause);
  const queries = list(body.ctes)
    .map((each) => bodyOf(each, "CommonTableExpr"))
    .filter((each) => each !== null);
  if (body.recursive !== true) {
    // One after the other: a query does not see itself, nor those after it.
    for (const query of queries) {
      const within = { ...withoutItems(scope), tables: new Map(scope.tables) };
      const columns = renamed(readQuery(reading, query.ctequery, withoutItems(scope)), query);
      const select = list(query.aliascolnames).length === 0 ? bodyOf(query.ctequery, "SelectStmt") : null;
      scope.tables.set(word(query.ctename), { columns: () => columns, query: select ?? undefined, within });
    }
    return;
  }
  const tables = queries.map((query) => {
    const table = recursive(reading, query, scope);
    scope.tables.set(word(query.ctename), table);
    return table;
  });
  for (const table of tables) table.columns();
}

/** Rounds of a recursive query after which any column may come back in any other. */
const maxRounds = 5;

/** Under RECURSIVE a query may name itself and those after it, so it is read when it is first named. */
function recursive(reading: Reading, query: Tree, scope: Scope): CommonTable {
  let columns: readonly Column[] | null = null;
  let named = false;
  const read = () => renamed(readQuery(reading, query.ctequery, withoutItems(scope)), query);
  return {
    columns: () => {
      if (columns !== null) {
        named = true;
        return columns;
      }
      columns = firstArm(reading, query, scope);
      named = false;
      for (let round = 0; round < maxRounds; round += 1) {
        const before: readonly Column[] = columns;
        const now: readonly Column[] = read();
        columns = now;
        if (!named) return columns;
        if (sameOrigins(before, now)) return columns;
      }
      columns = spread(columns);
      columns = spread([...read(), { name: "*", origins: allOrigins(columns), plain: false }]);
      return columns;
    },
  };
}

/** `a UNION b` where only `b` may name the query itself: the columns of `a`, in number and name. */
function firstArm(reading: Reading, query: Tree, scope: Scope): readonly Column[] {
  const select = tree(bodyOf(query.ctequery, "SelectStmt"));
  if (select.larg === undefined || select.withClause !== undefined) return [{ name: "?", origins: [], plain: false }];
  const columns = readQuery(reading, { SelectStmt: select.larg }, withoutItems(scope));
  return renamed(columns, query).map((column) => ({ ...column, plain: false }));
}

function sameOrigins(before: readonly Column[], now: readonly Column[]): boolean {
  // Origins only grow from round to round.
  return before.length === now.length && before.every(({ origins }, at) => origins.length === now[at]?.origins.length);
}

function spread(columns: readonly Column[]): Column[] {
  const origins = allOrigins(columns);
  return columns.map((column) => ({ name: column.name, origins, plain: false }));
}

function renamed(columns: readonly Column[], query: Tree): readonly Column[] {
  const aliases = names(query.aliascolnames);
  const everything = allOrigins(columns);
  const counted = columns.every((column) => column.name !== "*");
  const shown =
    counted || aliases.length === 0
      ? columns.map((column, at) => ({ ...column, name: aliases[at] ?? column.name }))
      : [...aliases.map((name) => ({ name, origins: everything, plain: false })), ...columns];
  // SEARCH and CYCLE add columns made of the others.
  const search = tree(query.search_clause);
  const cycle = tree(query.cycle_clause);
  const added = [search.search_seq_column, cycle.cycle_mark_column, cycle.cycle_path_column]
    .map(word)
    .filter((name) => name !== "");
  const made = everything.map(madeOf);
  return [...shown, ...added.map((name) => ({ name, origins: made, plain: false }))];
}
