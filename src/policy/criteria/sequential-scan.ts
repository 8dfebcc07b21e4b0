import { z } from "zod";
import type { Answer } from "../answer.js";
import { either } from "../answer.js";
import { manyOf, strict } from "../schema.js";
import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";
import { dottedSchema, matchName } from "./resource.js";

/** `sequentialScan: { of: [public.events], rowsOver: 1000000 }`: a table is read from end to end. */
export const sequentialScan = criterion({
  name: "sequentialScan",
  about: "estimate",
  summary:
    "The target's planner would read one of these tables from end to end (any, if `of` is left out), where it has more than `rowsOver` rows (any number, if left out).",
  example: { of: ["public.events"], rowsOver: 1_000_000 },
  data: strict({
    of: manyOf(dottedSchema(2)).optional(),
    rowsOver: z.number("expected a number of rows").int().min(0).max(1e15).optional(),
  }),
  test: ({ of, rowsOver = -1 }, { estimate }) => {
    if (!estimate) return "unknown";
    let answer: Answer = "no";
    for (const scan of estimate.scans) {
      if (scan.rows <= rowsOver) continue;
      answer = either(answer, of === undefined ? "yes" : matchName(of, scan.relation));
    }
    return answer;
  },
  dependsOn: "estimate",
  needs: ["judge-statements", "estimate"],
  reasons: { yes: "sequential-scan", no: "no-sequential-scan", unknown: "sequential-scan-unknown" },
  explain: ({ of, rowsOver }) =>
    `reads ${of ? joinOr(of.map(({ text }) => text)) : "a table"}${rowsOver === undefined ? "" : ` of more than ${rowsOver} rows`} from end to end`,
});
