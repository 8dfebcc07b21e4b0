import { resourceCriterion } from "./resource.js";

/** `columns: { any: ["public.customers.ssn"] }`: as `schema.table.column`, `table.column` or `column`. */
export const columns = resourceCriterion({
  name: "columns",
  kind: "column",
  parts: 3,
  summary:
    "Columns that the statement touches, as `schema.table.column`, `table.column` or `column`. A `*` in the statement may be any column, so it answers unknown.",
  example: { any: ["public.customers.ssn", "*.salary"] },
  noun: "column",
});
