import { z } from "zod";
import {
  type DetectorGroup,
  type DetectorName,
  detectorGroups,
  detectorNames,
  maskMethods,
} from "../../vocabulary/index.js";
import { manyOf, oneOf, strict } from "../schema.js";
import { columnPattern } from "./column-pattern.js";
import { clockSchema, documentSchema, modeFields, whereSchema, whoSchema, withMode } from "./common.js";
import { exemptionSchema, purposeSchema } from "./exemption.js";
import { valuePatternSchema } from "./value-pattern.js";

const groups = Object.keys(detectorGroups) as [DetectorGroup, ...DetectorGroup[]];

/** Words of `detect`; a group stands for what is in it. */
const detectorSchema = oneOf([...groups, ...detectorNames]).transform((word): readonly DetectorName[] =>
  word in detectorGroups ? detectorGroups[word as DetectorGroup] : [word as DetectorName],
);

/** Patterns of one document: each takes its share of every cell that is looked at. */
const maxPatterns = 15;

const methodSchema = strict({
  method: oneOf(maskMethods).describe(
    "`redact` shows `***`; `partial` keeps the ends; `hash` keeps equal values equal; `tokenize` shows a pseudonym of the same form; `null` shows NULL; `fixed` shows `value`.",
  ),
  as: oneOf(["email", "card", "phone", "text"])
    .optional()
    .describe(
      "For `partial` and `tokenize`: what the values look like; `text` if left out, or what was found. `tokenize` knows no `phone`: its digits are `text`.",
    ),
  purpose: purposeSchema.optional().describe("For `tokenize`: tokens of different purposes cannot be joined."),
  domain: z
    .string("expected a domain")
    .regex(/^(?:keep|[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?)$/, "expected a domain, or `keep`")
    .optional()
    .describe(
      "For `tokenize` as `email`: the domain that is shown, `keep` for the value's own; `example.invalid` if left out.",
    ),
  lastFour: z
    .boolean("expected true or false")
    .optional()
    .describe("For `tokenize` as `card`: the last four digits stay."),
  value: z.string("expected a text").max(1000).optional().describe("For `fixed`: what is shown."),
}).superRefine((mask, ctx) => {
  const tokenize = mask.method === "tokenize";
  const problem = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
  if (mask.as !== undefined && mask.method !== "partial" && !tokenize) {
    problem("as", "`as` belongs to the methods partial and tokenize");
  }
  if (tokenize && mask.as === "phone") problem("as", "method tokenize keeps the form of a phone number as `text`");
  if (tokenize !== (mask.purpose !== undefined)) {
    problem("purpose", tokenize ? "method tokenize needs a `purpose`" : "`purpose` belongs to method tokenize");
  }
  if (mask.domain !== undefined && !tokenize) problem("domain", "`domain` belongs to method tokenize");
  if (mask.lastFour !== undefined && !tokenize) problem("lastFour", "`lastFour` belongs to method tokenize");
  if ((mask.value !== undefined) !== (mask.method === "fixed")) {
    ctx.addIssue({
      code: "custom",
      path: ["value"],
      message: mask.method === "fixed" ? "method fixed needs a `value` to show" : "`value` belongs to method fixed",
    });
  }
});

const predicateRules = ["deny", "allow", "budget"] as const;

/** Which columns and values are masked how, for whom and where. */
export const maskSpec = strict({
  ...modeFields,
  who: whoSchema.optional().describe("Criteria on the subject; everyone if left out."),
  except: whoSchema.optional().describe("Subjects that see the values as they are."),
  where: whereSchema.optional().describe("Criteria on the connection; everywhere if left out."),
  columns: manyOf(columnPattern)
    .optional()
    .describe(
      "`schema.table.column`, `table.column` or `column`, each part with `*`; upper and lower case are the same.",
    ),
  detect: manyOf(detectorSchema)
    .transform((words) => detectorNames.filter((name) => words.some((names) => names.includes(name))))
    .optional()
    .describe(
      "Values to find in what no column rule masks: names of detectors, or `all`, `national-id`, `secrets`, `network`. See detectors.md.",
    ),
  patterns: z
    .array(valuePatternSchema)
    .min(1, "an empty list finds nothing; leave the key out")
    .max(maxPatterns)
    .optional()
    .describe("Values to find by patterns of your own, each with a `name` and a `pattern` in RE2's language."),
  keys: z
    .boolean("expected true or false")
    .optional()
    .describe("`true`: `detect` and `patterns` look at the names of members in JSON too."),
  bytes: z
    .boolean("expected true or false")
    .optional()
    .describe("`true`: `detect` and `patterns` look into columns of bytes (bytea) as if they were text."),
  mask: methodSchema.describe("What is shown instead of the value."),
  predicates: oneOf(predicateRules)
    .optional()
    .describe(
      "Statements that compare, join, sort or group by one of the `columns`: `deny` (if left out) refuses, `allow` lets pass, `budget` lets `budget` of them pass an hour for each subject.",
    ),
  budget: z
    .number("expected a number")
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe("With `predicates: budget`: how many such statements an hour."),
  counts: oneOf(["allow", "mask"])
    .optional()
    .describe(
      "`allow` shows `count(column)` and `count(distinct column)`, `mask` neither; if left out, the first only. `count(*)` is never masked.",
    ),
  exempt: manyOf(exemptionSchema)
    .optional()
    .describe("Subjects that see the values for a purpose or a time: `who` with `purpose`, `until`, `when`."),
  when: clockSchema.optional().describe("Criteria on the time only; always if left out."),
}).superRefine(({ columns, detect, patterns, keys, bytes, predicates, budget, counts }, ctx) => {
  const values = detect !== undefined || patterns !== undefined;
  const problem = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
  if (columns === undefined && !values) problem("columns", "say `columns`, `detect` or `patterns`");
  if ((budget !== undefined) !== (predicates === "budget"))
    problem("budget", budget ? "`budget` belongs to `predicates: budget`" : "`predicates: budget` needs a `budget`");
  if ((predicates ?? counts) !== undefined && columns === undefined)
    problem("columns", "`predicates` and `counts` are about `columns`");
  if (keys !== undefined && !values) problem("keys", "`keys` belongs to `detect` and `patterns`");
  if (bytes !== undefined && !values) problem("bytes", "`bytes` belongs to `detect` and `patterns`");
});

export const maskSchema = documentSchema("mask", withMode(maskSpec));
