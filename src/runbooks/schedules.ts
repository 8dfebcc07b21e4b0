import { createHash } from "node:crypto";
import { Cron } from "croner";
import type { Runner } from "./create-runner.js";
import type { Schedule } from "./document.js";
import type { RunbookLog, RunSubjects } from "./ports.js";
import { loadRunbook, type Runbook } from "./runbook.js";
import type { DueSchedule, RunbookStore } from "./store.js";

export interface SchedulePorts {
  readonly store: RunbookStore;
  readonly subjects: RunSubjects;
  readonly runner: Pick<Runner, "start">;
  readonly log: RunbookLog;
}

/** A run that would begin later than this after its time was missed. */
const missedMs = 60_000;

/** The next time after `after`; null: it never comes again. */
export function nextOf({ cron, zone }: Pick<Schedule, "cron" | "zone">, after: Date): Date | null {
  return new Cron(cron, { timezone: zone, paused: true, mode: "5-part" }).nextRun(after);
}

/** Writes down when each schedule comes next. What is known already and has not changed keeps its time: that is how a missed one is found. */
export async function planSchedules(store: RunbookStore): Promise<void> {
  const now = await store.now();
  const planned = [];
  for (const { name, text } of await store.list()) {
    for (const [n, schedule] of (loaded(text)?.schedules ?? []).entries()) {
      const next = nextOf(schedule, now);
      const fingerprint = createHash("sha256").update(`${schedule.cron}\0${schedule.zone}`).digest("hex");
      if (next !== null) planned.push({ runbook: name, n, fingerprint, next });
    }
  }
  await store.putSchedules(planned);
}

function loaded(text: string): Runbook | null {
  try {
    return loadRunbook(text);
  } catch {
    return null;
  }
}

/** Starts what is due. Every replica looks; the run's key makes it one run, whoever is first. */
export async function startDue({ store, subjects, runner, log }: SchedulePorts): Promise<void> {
  const now = await store.now();
  for (const due of await store.due(32)) {
    const stored = await store.get(due.runbook);
    const runbook = stored && loaded(stored.text);
    const schedule = runbook?.schedules[due.n];
    if (!runbook || !schedule) {
      await store.advance(due, null);
      continue;
    }
    const late = now.getTime() - due.at.getTime() > missedMs;
    if (late && schedule.missed === "skip")
      log.warn(
        { runbook: due.runbook, at: due.at },
        "a scheduled run was missed while no gateway could start it; the next one comes in time",
      );
    else if (!(await started(due, runbook, schedule))) continue;
    await store.advance(due, nextOf(schedule, now));
  }

  /** False: not now; it is tried again. */
  async function started(due: DueSchedule, runbook: Runbook, schedule: Schedule): Promise<boolean> {
    try {
      const asker = runbook.as === null ? null : await subjects.byName(runbook.as);
      if (asker === null || asker.kind === "person") {
        log.error({ runbook: due.runbook }, "a scheduled run has no service account to run as; it is left out");
        return true;
      }
      const key = `schedule ${due.n} ${due.at.toISOString()}`;
      await runner.start({
        runbook: due.runbook,
        parameters: schedule.with,
        asker,
        origin: "schedule",
        cause: [],
        key,
      });
      return true;
    } catch (error) {
      const { code } = error as { code?: string };
      const again = code === "limited" || code === "unavailable";
      log.error(
        { err: error, runbook: due.runbook },
        again ? "a scheduled run is tried again" : "a scheduled run could not be started",
      );
      return !again;
    }
  }
}
