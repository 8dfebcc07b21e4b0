import { functionsMeant } from "./call.js";
import type { Origin } from "./column.js";
import { followFunction } from "./follow.js";
import type { Reading } from "./reading.js";
import { names, type Tree } from "./tree.js";

/** Set-returning functions of the system that give one column, whatever they are given. */
const single = new Set(
  `generate_series generate_subscripts regexp_split_to_table regexp_matches string_to_table json_array_elements json_array_elements_text
   jsonb_array_elements jsonb_array_elements_text json_object_keys jsonb_object_keys jsonb_path_query`
    .trim()
    .split(/\s+/),
);
const pairs = new Set(["json_each", "json_each_text", "jsonb_each", "jsonb_each_text"]);

/**
 * What each column of a function in FROM can carry beside its arguments, where the function is one that gives `width` columns by
 * one query; null: not known by column.
 */
export function functionOrigins(
  reading: Reading,
  call: Tree | null,
  width: number,
): readonly (readonly Origin[])[] | null {
  const meant = functionsMeant(reading, names(call?.funcname));
  const only = meant.length === 1 ? meant[0] : undefined;
  // A cast or a domain's check on the way may give values of its own.
  if (only?.body == null || only.language !== "sql" || (only.calls ?? []).length > 0) return null;
  const columns = followFunction(reading, only)?.columns ?? null;
  return columns?.length === width ? columns : null;
}

/** The columns of a function in FROM; empty: one, named as the function or its alias. Null: not known. */
export function functionColumns(reading: Reading, call: Tree | null): readonly string[] | null {
  const path = names(call?.funcname);
  const meant = functionsMeant(reading, path);
  const name = path.at(-1) ?? "";
  if (meant.length === 0) return single.has(name) ? [] : pairs.has(name) ? ["key", "value"] : null;
  if (reading.index.systemVolatility(name) !== null) return null;
  const [first, ...others] = meant.map((fn) => fn.columns ?? null);
  if (first === undefined || first === null) return null;
  // Overloaded: they all have to agree.
  const same = others.every((each) => each !== null && each.join("\0") === first.join("\0"));
  return same ? first : null;
}
