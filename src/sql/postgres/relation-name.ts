import type { CatalogueRelation } from "../../vocabulary/index.js";
import type { CatalogueIndex } from "./catalogue-index.js";

/** What a relation's name means. */
export type Named =
  | { readonly kind: "known"; readonly relation: CatalogueRelation }
  /** Of the system: `pg_catalog` or `information_schema`. */
  | { readonly kind: "system"; readonly name: string }
  /** Not in the catalogue; with no schema or a temporary one it may be a temporary relation of this session. */
  | { readonly kind: "missing"; readonly name: string; readonly temporary: boolean };

const systemSchemas = new Set(["pg_catalog", "information_schema"]);

export function isSystemSchema(schema: string): boolean {
  return systemSchemas.has(schema);
}

/** Resolves a name the way the server does, as far as the catalogue tells: temporary relations are not in it. */
export function nameRelation(index: CatalogueIndex, path: readonly string[], schema: string, name: string): Named {
  if (schema !== "") {
    if (schema.startsWith("pg_temp")) return { kind: "missing", name: `pg_temp.${name}`, temporary: true };
    const relation = index.relationNamed(schema, name);
    if (isSystemSchema(schema)) return { kind: "system", name: `${schema}.${name}` };
    return relation === null
      ? { kind: "missing", name: `${schema}.${name}`, temporary: false }
      : { kind: "known", relation };
  }
  // The system schema comes first unless the path names it elsewhere.
  for (const each of path.includes("pg_catalog") ? path : ["pg_catalog", ...path]) {
    const relation = index.relationNamed(each, name);
    if (isSystemSchema(each)) {
      if (relation !== null) return { kind: "system", name: `${each}.${name}` };
    } else if (relation !== null) return { kind: "known", relation };
  }
  if (name.startsWith("pg_")) return { kind: "system", name: `pg_catalog.${name}` };
  return { kind: "missing", name: `?.${name}`, temporary: true };
}
