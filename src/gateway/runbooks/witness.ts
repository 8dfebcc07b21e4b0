import { type EventDraft, eventId, runbookFinished, short } from "../../events/index.js";
import type { Recorder } from "../../recording/index.js";
import type { Run, RunWitness } from "../../runbooks/index.js";
import type { Counters } from "../../telemetry/index.js";

export interface WitnessParts {
  readonly recorder: Pick<Recorder, "append" | "healthy">;
  /** Takes the event that a run is over; absent: nobody listens. */
  readonly tell?: ((event: EventDraft) => void) | undefined;
  readonly counters: Pick<Counters, "runs">;
  readonly now: () => number;
}

/** Runs in the audit, under the name of who asked for them, and in the events. */
export function createRunWitness({ recorder, tell, counters, now }: WitnessParts): RunWitness {
  return {
    record: (what, run, after) =>
      new Promise((resolve, reject) => {
        recorder.append(
          {
            kind: "change",
            actor: { subject: run.asker.id, name: run.asker.name },
            what,
            target: run.id,
            before: null,
            after: { runbook: run.runbook, ...after },
          },
          (error) => (error === null ? resolve() : reject(error)),
        );
      }),
    finished(run) {
      counters.runs.add(run.state);
      tell?.(finishedEvent(run, now()));
    },
  };
}

const outcomes = {
  succeeded: "succeeded",
  failed: "failed",
  denied: "cancelled",
  cancelled: "cancelled",
  interrupted: "failed",
  waiting: "failed",
  running: "failed",
} as const;

function finishedEvent(run: Run, at: number): EventDraft {
  return {
    id: eventId(runbookFinished.type, run.id),
    type: runbookFinished.type,
    version: runbookFinished.version,
    at,
    subject: { ...run.subject },
    connection: null,
    session: null,
    cause: run.cause,
    data: {
      run: run.id,
      runbook: run.runbook,
      outcome: outcomes[run.state],
      steps: 0,
      durationMs: Math.max(0, at - (run.startedAt ?? run.createdAt).getTime()),
      error: run.error === null ? null : short(run.error),
    },
  } as EventDraft;
}
