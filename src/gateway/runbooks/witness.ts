import type { Recorder } from "../../recording/index.js";
import type { RunWitness } from "../../runbooks/index.js";
import type { Counters } from "../../telemetry/index.js";

export interface WitnessParts {
  readonly recorder: Pick<Recorder, "append" | "healthy">;
  readonly counters: Pick<Counters, "runs">;
}

/** Runs in the audit, under the name of who asked for them. The event of their end is written with it, by the store. */
export function createRunWitness({ recorder, counters }: WitnessParts): RunWitness {
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
    },
  };
}
