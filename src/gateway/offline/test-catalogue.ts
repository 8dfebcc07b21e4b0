import type { TestStatement } from "../../policy/index.js";
import type { Catalogue, CatalogueRelation } from "../../vocabulary/index.js";
import { systemFunctionColumns } from "./system-columns.js";
import { systemFunctions, systemTypes } from "./system-names.js";

/** The catalogue that a test's `schema` describes: tables with columns, PostgreSQL's own functions, nothing else. */
export function testCatalogue({ schema }: TestStatement): Catalogue {
  return {
    key: "policy test",
    // Equal schemas are one catalogue to whoever caches by it.
    version: JSON.stringify(schema),
    serverVersion: 150_000,
    relations: Object.entries(schema).map(relationFrom),
    functions: [],
    systemFunctions,
    systemFunctionColumns,
    systemTypes,
    searchPath: ["public"],
    role: "test",
    superuser: false,
    operators: [],
    systemFunctionIds: [],
    types: [],
    implicitCasts: [],
    closedSchemas: [],
  };
}

const textType = 25;
/** Ids of users' objects begin here. */
const firstId = 16_384;

function relationFrom([dotted, columns]: [string, readonly string[]], at: number): CatalogueRelation {
  const [name, schema = "public"] = dotted.split(".").reverse() as [string, string?];
  return {
    id: firstId + at,
    schema,
    name,
    kind: "table",
    columns: columns.map((column, place) => ({ number: place + 1, name: column, typeId: textType })),
    parents: [],
    reads: [],
    definition: null,
    triggers: [],
    calls: [],
  };
}
