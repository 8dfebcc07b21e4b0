import { sql } from "kysely";
import { type EventDraft, eventId, runbookFinished, short } from "../../events/index.js";
import type { Run } from "../../runbooks/run.js";
import type { Db } from "../store.js";

const outcomes = {
  succeeded: "succeeded",
  failed: "failed",
  denied: "cancelled",
  cancelled: "cancelled",
  interrupted: "failed",
  waiting: "failed",
  running: "failed",
} as const;

/** The event that a run is over, made in the transaction that ends it. Steps that were passed over do not count. */
export async function runFinished(trx: Db, run: Run, timedOut: boolean): Promise<EventDraft> {
  const { rows } = await sql<{ steps: string }>`select count(*) as steps from runbook_steps
    where run = ${run.id}::uuid and phase = 'step' and state <> 'skipped'`.execute(trx);
  const at = run.endedAt?.getTime() ?? Date.now();
  return runbookFinished.draft({
    id: eventId(runbookFinished.type, run.id),
    at,
    subject: { ...run.subject, name: short(run.subject.name) },
    connection: null,
    session: null,
    cause: run.cause,
    data: {
      run: run.id,
      runbook: run.runbook,
      outcome: timedOut && run.state === "failed" ? "timed-out" : outcomes[run.state],
      steps: Number(rows[0]!.steps),
      durationMs: Math.max(0, at - (run.startedAt ?? run.createdAt).getTime()),
      error: run.error === null ? null : short(run.error),
    },
  });
}
