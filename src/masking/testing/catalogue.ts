import type { Catalogue, CatalogueRelation } from "../../vocabulary/index.js";

interface RelationParts extends Partial<Omit<CatalogueRelation, "columns">> {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly string[];
}

/** A relation for tests: columns by name, numbered from 1. */
export function relationOf(parts: RelationParts): CatalogueRelation {
  const view = parts.kind === "view" || parts.kind === "materialized";
  return {
    schema: "public",
    kind: "table",
    parents: [],
    reads: [],
    definition: view ? "select" : null,
    triggers: [],
    calls: [],
    ...parts,
    columns: parts.columns.map((name, at) => ({ number: at + 1, name, typeId: 25 })),
  };
}

export function catalogueOf(relations: readonly CatalogueRelation[]): Catalogue {
  return {
    key: "test",
    version: "1",
    serverVersion: 180_000,
    relations,
    functions: [],
    systemFunctions: { immutable: [], stable: [], volatile: [] },
    searchPath: ["public"],
    role: "app",
    superuser: false,
  };
}
