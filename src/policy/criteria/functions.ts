import { resourceCriterion } from "./resource.js";

/** `functions: { any: [pg_sleep, "admin.*"] }`: as `schema.name` or `name`. */
export const functions = resourceCriterion({
  name: "functions",
  kind: "function",
  parts: 2,
  summary: "Functions that the statement calls, as `schema.name` or `name` (any schema).",
  example: { any: ["pg_sleep", "admin.*"] },
  noun: "function",
});
