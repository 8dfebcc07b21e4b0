import { functionsMeant } from "./call.js";
import type { Origin } from "./column.js";
import { followFunction } from "./follow.js";
import type { Reading } from "./reading.js";
import { names, type Tree } from "./tree.js";

/** Columns in which functions of the system show what other sessions ask; the others show names, numbers and settings. */
const shown: ReadonlyMap<string, string> = new Map([
  ["pg_stat_get_activity", "query"],
  ["pg_cursor", "statement"],
  ["pg_prepared_statement", "statement"],
]);

/**
 * What each column of a function in FROM can carry beside its arguments, where the function is one that gives these columns by
 * one query, or one of the system of which it is known; null: not known by column.
 */
export function functionOrigins(
  reading: Reading,
  call: Tree | null,
  columns: readonly string[],
): readonly (readonly Origin[])[] | null {
  const path = names(call?.funcname);
  const meant = functionsMeant(reading, path);
  if (meant.length === 0) return systemOrigins(path, columns);
  const only = meant.length === 1 ? meant[0] : undefined;
  // A cast or a domain's check on the way may give values of its own.
  if (only?.body == null || only.language !== "sql" || (only.calls ?? []).length > 0) return null;
  const width = columns.length === 0 ? 1 : columns.length;
  const given = followFunction(reading, only)?.columns ?? null;
  return given?.length === width ? given : null;
}

function systemOrigins(path: readonly string[], columns: readonly string[]): readonly (readonly Origin[])[] | null {
  const column = shown.get(path.at(-1) ?? "");
  if (column === undefined || !columns.includes(column)) return null;
  return columns.map((name) => (name === column ? [{ relation: null, name: "*" }] : []));
}

/** The columns of a function in FROM; empty: one, named as the function or its alias. Null: not known. */
export function functionColumns(reading: Reading, call: Tree | null): readonly string[] | null {
  const path = names(call?.funcname);
  const meant = functionsMeant(reading, path);
  const name = path.at(-1) ?? "";
  const schema = path.length > 1 ? (path.at(-2) ?? "") : "pg_catalog";
  if (meant.length === 0) return reading.index.systemFunctionColumns(schema, name);
  if (reading.index.systemVolatility(name) !== null) return null;
  const [first, ...others] = meant.map((fn) => fn.columns ?? null);
  if (first === undefined || first === null) return null;
  // Overloaded: they all have to agree.
  const same = others.every((each) => each !== null && each.join("\0") === first.join("\0"));
  return same ? first : null;
}
