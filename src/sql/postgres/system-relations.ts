import type { CatalogueRelation } from "../../vocabulary/index.js";

/** Relations of the system that hold credentials. */
const credentials = new Set([
  ...["pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "user_mapping_options", "_pg_user_mappings"],
]);

/** Of these the catalogue lists the columns, and one of them is the secret: who asks for the others, as psql does, asks for names. */
const secretColumns: ReadonlyMap<string, string> = new Map([["pg_user_mappings", "umoptions"]]);

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

/** Whether the secret in a relation that holds credentials is one column of it, which says so itself where it is read. */
export function keepsSecretApart(relation: CatalogueRelation | null): boolean {
  const secret = relation === null ? undefined : secretColumns.get(relation.name);
  return relation?.columns.some(({ name }) => name === secret) === true;
}

/** Whether a column of a relation of the system holds credentials, where the others beside it do not. `*` is the whole row. */
export function isSecretColumn({ schema, name }: CatalogueRelation, column: string): boolean {
  const secret = schema === "pg_catalog" ? secretColumns.get(name) : undefined;
  return secret !== undefined && (column === "*" || column === secret);
}
