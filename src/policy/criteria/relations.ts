import { resourceCriterion } from "./resource.js";

/** `relations: { any: ["audit.*"], access: [write] }`: tables, views and the like, as `schema.name` or `name`. */
export const relations = resourceCriterion({
  name: "relations",
  kind: "relation",
  parts: 2,
  summary:
    "Relations that the statement touches, as `schema.name` or `name` (any schema). `any`: one of them matches. `only`: all of them match. `access` narrows to relations that it reads, writes, defines, destroys.",
  example: { any: ["audit.*", "public.payroll"], access: ["write", "destroy"] },
  noun: "relation",
});
