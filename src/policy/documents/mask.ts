import { z } from "zod";
import { maskMethods } from "../../vocabulary/index.js";
import { manyOf, oneOf, strict } from "../schema.js";
import { clockSchema, documentSchema, enabledSchema, whereSchema, whoSchema } from "./common.js";

const columnPattern = z
  .string("expected a column pattern")
  .min(1)
  .max(400)
  .refine((text) => text.split(".").every((part) => part !== ""), "a part between dots is empty")
  .refine((text) => text.split(".").length <= 3, "expected schema.table.column, table.column or column")
  .transform((text) => ["*", "*", "*", ...text.split(".")].slice(-3).join("."));

const methodSchema = strict({
  method: oneOf(maskMethods).describe(
    "`redact` shows `***`; `partial` keeps the ends; `hash` keeps equal values equal; `null` shows NULL; `fixed` shows `value`.",
  ),
  as: oneOf(["email", "card", "phone", "text"])
    .optional()
    .describe("For `partial`: what the values look like; `text` if left out."),
  value: z.string("expected a text").max(1000).optional().describe("For `fixed`: what is shown."),
}).superRefine((mask, ctx) => {
  if (mask.as !== undefined && mask.method !== "partial") {
    ctx.addIssue({ code: "custom", path: ["as"], message: "`as` belongs to method partial" });
  }
  if ((mask.value !== undefined) !== (mask.method === "fixed")) {
    ctx.addIssue({
      code: "custom",
      path: ["value"],
      message: mask.method === "fixed" ? "method fixed needs a `value` to show" : "`value` belongs to method fixed",
    });
  }
});

/** Which columns are masked how, for whom and where. */
export const maskSpec = strict({
  enabled: enabledSchema,
  who: whoSchema.optional().describe("Criteria on the subject; everyone if left out."),
  except: whoSchema.optional().describe("Subjects that see the values as they are."),
  where: whereSchema.optional().describe("Criteria on the connection; everywhere if left out."),
  columns: manyOf(columnPattern).describe(
    "`schema.table.column`, `table.column` or `column`, each part with `*`; upper and lower case are the same.",
  ),
  mask: methodSchema.describe("What is shown instead of the value."),
  when: clockSchema.optional().describe("Criteria on the time only; always if left out."),
});

export const maskSchema = documentSchema("mask", maskSpec);
