/**
 * Columns of the system's own relations that show values of users' tables, or texts of statements with their literals,
 * or secrets. By lower-case relation name; masked whole wherever anything is masked.
 */
const echoes: Readonly<Record<string, readonly string[]>> = {
  pg_statistic: ["stavalues1", "stavalues2", "stavalues3", "stavalues4", "stavalues5"],
  pg_statistic_ext_data: ["stxdmcv", "stxdexpr"],
  pg_stats: ["most_common_vals", "histogram_bounds", "most_common_elems", "range_bounds_histogram"],
  pg_stats_ext: ["most_common_vals"],
  pg_stats_ext_exprs: ["most_common_vals", "histogram_bounds", "most_common_elems", "range_bounds_histogram"],
  pg_stat_activity: ["query"],
  pg_stat_statements: ["query"],
  pg_stat_monitor: ["query", "query_plan"],
  pg_prepared_statements: ["statement"],
  pg_cursors: ["statement"],
  pg_largeobject: ["data"],
  pg_authid: ["rolpassword"],
  pg_shadow: ["passwd"],
  pg_subscription: ["subconninfo"],
  pg_user_mapping: ["umoptions"],
  pg_user_mappings: ["umoptions"],
};

/** Ids that these have on every server; others are given when a cluster is made. */
const fixedIds: ReadonlySet<number> = new Set([
  2619, // pg_statistic
  3429, // pg_statistic_ext_data
  2613, // pg_largeobject
  1260, // pg_authid
  6100, // pg_subscription
  1418, // pg_user_mapping
  2840, // pg_toast of pg_statistic
  3430, // pg_toast of pg_statistic_ext_data
]);

/** Ids from here on are given by the cluster, so a catalogue that does not list one cannot say what it is. */
const firstGivenId = 10_000;

/** Whether a column of this relation shows what must be masked, whatever its own name is. */
export function echoesColumn(schema: string, relation: string, column: string): boolean {
  // Long values are kept apart, in chunks.
  if (/^pg_toast/.test(schema)) return column === "chunk_data";
  return Object.hasOwn(echoes, relation) && echoes[relation]!.includes(column);
}

/** Whether a relation that the catalogue does not list is one of the system's that shows names and settings only. */
export function isHarmlessSystemId(id: number): boolean {
  return id > 0 && id < firstGivenId && !fixedIds.has(id);
}

/** Echoes of values themselves, not of statements: who asks by them guesses what the masks hide. */
const values = new Set(
  Object.entries(echoes).flatMap(([relation, columns]) =>
    /^pg_(?:statistic|stats|largeobject)/.test(relation) ? columns : [],
  ),
);

/** Whether a condition on a column of this name asks by users' values. `*` is the whole row. */
export function echoesValues(column: string): boolean {
  return column === "*" || values.has(column);
}

/** Whether a relation, by its dotted name, holds users' values, whatever the texts of statements may hold. */
export function holdsValues(name: string): boolean {
  const last = name.toLowerCase().split(".").at(-1) ?? "";
  return Object.hasOwn(echoes, last) && echoes[last]!.some((column) => values.has(column));
}

/** Whether a relation, by its dotted name, shows such values in any column. */
export function echoesRelation(name: string): boolean {
  const parts = name.toLowerCase().split(".");
  return Object.hasOwn(echoes, parts[parts.length - 1]!) || parts.some((part) => part.startsWith("pg_toast"));
}
