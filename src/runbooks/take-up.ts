import { hoopErrorFrom } from "../vocabulary/index.js";
import { subjectNow } from "./authority.js";
import type { ExecutePorts, Execution } from "./execute.js";
import { interruptedText, undoInterrupted } from "./interrupted.js";
import type { RunSubjects } from "./ports.js";
import type { Run, RunState } from "./run.js";
import { loadRunbook } from "./runbook.js";
import type { RunbookStore } from "./store.js";

export interface TakeUpPorts {
  readonly store: RunbookStore;
  readonly subjects: RunSubjects;
  readonly replica: string;
  readonly now: () => number;
  readonly end: (run: Run, state: RunState, error: string) => Promise<unknown>;
  readonly executing: (run: Run) => ExecutePorts;
  readonly follow: (of: Execution) => void;
}

/**
 * A run whose replica is gone, or lost sight of it. One that waits for people waits on here; one that was under way is undone as far as
 * that is safe, and ends. Throws when the store is away: it is tried again.
 */
export async function takeUp(ports: TakeUpPorts, run: Run): Promise<void> {
  const { store, replica } = ports;
  const of = await whatItNeeds(ports, run);
  if (of === null) return;
  if (run.state === "waiting") return ports.follow(of);
  const steps = await store.steps(run.id);
  const endedAt = new Date(ports.now());
  for (const step of steps)
    if (step.state === "running" && !(await store.putStep(run.id, replica, { ...step, state: "interrupted", endedAt })))
      return;
  const undone = await undoInterrupted(ports.executing(run), of, steps);
  if (undone !== null) await ports.end(run, "interrupted", interruptedText(of, steps, undone));
}

/** Null: the run has ended, for it can never have again what it needs. */
async function whatItNeeds({ store, subjects, end }: TakeUpPorts, run: Run): Promise<Execution | null> {
  const lost = async (why: string): Promise<null> => {
    await end(run, run.state === "waiting" ? "failed" : "interrupted", `its gateway went away, and ${why}`);
    return null;
  };
  try {
    const stored = await store.get(run.runbook, run.version);
    if (stored === null) return await lost("its runbook is not there any more");
    const subject = await subjectNow(run.subject.id, run.acting, subjects);
    if (subject === null) return await lost("whom it ran as is not there any more");
    return { run, runbook: loadRunbook(stored.text), subject, values: await store.parameters(run.id) };
  } catch (error) {
    const { code, message } = hoopErrorFrom(error);
    if (code !== "invalid" && code !== "precondition-failed") throw error;
    return lost(`it cannot be read: ${message}`);
  }
}
