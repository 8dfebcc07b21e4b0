/** Relations of the system that hold credentials. */
const credentials = new Set([
  ...["pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "user_mapping_options", "_pg_user_mappings"],
]);

/** Relations of the system that show values of other relations, or what others ask. */
const values = new Set([
  "pg_stats",
  "pg_stats_ext",
  "pg_stats_ext_exprs",
  "pg_statistic",
  "pg_statistic_ext_data",
  "pg_largeobject",
  "pg_stat_activity",
  "pg_stat_statements",
  "pg_stat_statements_info",
  "pg_cursors",
  "pg_prepared_statements",
  "pg_subscription",
]);

const serverFiles = new Set(["pg_hba_file_rules", "pg_file_settings", "pg_ident_file_mappings"]);

/** What reading a relation of the system shows: null is names and settings only. */
export function systemRelationShows(name: string): "credentials" | "values" | "configuration" | null {
  const bare = name.slice(name.lastIndexOf(".") + 1);
  if (credentials.has(bare)) return "credentials";
  if (serverFiles.has(bare)) return "configuration";
  return values.has(bare) || name.startsWith("pg_toast") ? "values" : null;
}
