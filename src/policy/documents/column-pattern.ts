import { z } from "zod";

/** `schema.table.column`, `table.column` or `column`, with `*`, as three parts. */
export const columnPattern = z
  .string("expected a column pattern")
  .min(1)
  .max(400)
  .refine((text) => text.split(".").every((part) => part !== ""), "a part between dots is empty")
  .refine((text) => text.split(".").length <= 3, "expected schema.table.column, table.column or column")
  .transform((text) => ["*", "*", "*", ...text.split(".")].slice(-3).join("."));
