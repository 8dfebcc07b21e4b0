import { createHash } from "node:crypto";
import { type HoldTerms, ruleId } from "../vocabulary/index.js";
import type { ParameterValues } from "./parameters.js";
import type { Run } from "./run.js";
import type { Runbook } from "./runbook.js";

/** How long an approval may be used after it is given; a run that waits uses it at once. */
const useWithinMs = 10 * 60_000;

/** What a runbook asks for before it may run, as reviews know it. */
export function termsOf({ name, review }: Runbook): HoldTerms | null {
  if (!review) return null;
  return {
    rule: ruleId(`runbook ${name}`),
    approvals: review.approvals,
    expiresMs: review.expires,
    useWithinMs,
    reasonRequired: review.reasonRequired,
    inTransaction: "wait",
    rehearse: false,
    breakGlass: [],
    escalate: null,
  };
}

/** An approval is for this run of this very text with these very values. */
export function digestOf(run: Run, values: ParameterValues): string {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify(["hoop runbook v1", run.id, run.runbook, run.version, run.hash, run.subject.id, sorted]))
    .digest("hex");
}
