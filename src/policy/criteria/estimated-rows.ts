import { z } from "zod";
import { answerOf } from "../answer.js";
import { strict } from "../schema.js";
import { criterion } from "./criterion.js";

const count = z.number("expected a number of rows").int().min(0).max(1e15).optional();

/** `estimatedRows: { over: 10000 }` suits rules that hold or deny, `{ atMost: 10000 }` rules that allow. */
export const estimatedRows = criterion({
  name: "estimatedRows",
  about: "estimate",
  summary:
    "The target's planner expects more rows than `over`, or no more than `atMost`. Asked for only where everything else of the rule holds; an estimate that cannot be had answers unknown.",
  example: { over: 10_000 },
  data: strict({ over: count, atMost: count }).refine(
    ({ over, atMost }) => (over === undefined) !== (atMost === undefined),
    "say either `over` or `atMost`",
  ),
  test: ({ over, atMost }, { estimate }) =>
    estimate ? answerOf(over === undefined ? estimate.rows <= (atMost ?? 0) : estimate.rows > over) : "unknown",
  dependsOn: "estimate",
  needs: ["judge-statements", "estimate"],
  reasons: { yes: "estimated-rows", no: "estimated-rows-not-matched", unknown: "estimated-rows-unknown" },
  explain: ({ over, atMost }) =>
    over === undefined ? `is expected to touch at most ${atMost} rows` : `is expected to touch more than ${over} rows`,
});
