import { z } from "zod";
import { budgetMeasures } from "../policy.js";
import { oneOf, strict } from "../schema.js";
import type { Selector } from "../selector.js";
import { columnPattern } from "./column-pattern.js";
import { documentSchema, modeFields, whenSchema, whereSchema, whoSchema, withMode } from "./common.js";
import { holdSchema } from "./terms.js";

/** How much may be used up, and what happens then. */
export const budgetSpec = strict({
  ...modeFields,
  who: whoSchema.optional().describe("Criteria on the subject; everyone if left out."),
  except: whoSchema.optional().describe("Subjects whose statements are not counted."),
  where: whereSchema
    .optional()
    .describe("Criteria on the connection; everywhere if left out. All of them count together."),
  when: whenSchema.optional().describe("Which statements count; all if left out. What cannot be told counts."),
  measure: oneOf(budgetMeasures).describe(
    "`rows` and `bytes` that come back, `statements` that are let through, or `subjects`: different values of `column`.",
  ),
  column: columnPattern
    .optional()
    .describe("With `measure: subjects`: the column that names whom the data is about, as `schema.table.column`."),
  limit: z.number("expected a number").int().min(1).max(1e15).describe("How much may be used."),
  per: oneOf(["session", "hour", "day"]).describe("The last hour or day at any moment, or the whole session."),
  of: oneOf(["subject", "group", "everyone"])
    .optional()
    .describe("Whose use is added up: each subject's own (if left out), that of each group in `who`, or everybody's."),
  action: oneOf(["stop", "hold", "warn"]).describe(
    "When it is used up: `stop` refuses, and ends a result that passes the limit; `hold` waits for people; `warn` says so.",
  ),
  hold: holdSchema.optional().describe("With `action: hold`: as in a guard."),
  reason: z.string("expected a text").min(1).max(500).optional().describe("Shown to whoever is stopped."),
});

const checkedSpec = withMode(budgetSpec).superRefine((spec, ctx) => {
  const wrong = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
  if ((spec.hold !== undefined) !== (spec.action === "hold"))
    wrong("hold", spec.hold ? "`hold` belongs to action hold" : "action hold needs a `hold` that says who approves");
  if ((spec.column !== undefined) !== (spec.measure === "subjects"))
    wrong("column", spec.column ? "`column` belongs to measure subjects" : "measure subjects needs a `column`");
  if (spec.of === "group" && groupsOf(spec.who ?? null) === null)
    wrong("who", "`of: group` needs a `who` in which every mapping names groups");
});

/** The groups that a selector names, if each of its clauses names some. */
export function groupsOf(who: Selector): readonly string[] | null {
  if (who === null) return null;
  const named = who.map((clause) => clause.find((bound) => bound.criterion.name === "group"));
  if (named.some((bound) => bound === undefined)) return null;
  return [...new Set(named.flatMap((bound) => bound!.data as readonly string[]))];
}

export const budgetSchema = documentSchema("budget", checkedSpec);
