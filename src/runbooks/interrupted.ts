import { type Compensated, type ExecutePorts, type Execution, StepMaker } from "./execute.js";
import type { StepRecord } from "./run.js";
import type { Step } from "./runbook.js";

/** What became of what an interrupted run did. */
export interface Undone extends Compensated {
  /** Has a compensation that nobody can tell to be safe now. */
  readonly left: readonly string[];
}

/** How far it came: whatever was under way may or may not have happened. */
const reached: ReadonlySet<string> = new Set(["succeeded", "running", "interrupted"]);
const open: ReadonlySet<string | undefined> = new Set(["running", "interrupted"]);

/**
 * Undoes what may be undone of a run whose gateway went away. Null: another replica has the run by now.
 *
 * A step that had failed before says that the run was over and being undone: what succeeded and was not touched since is undone as it
 * would have been. Otherwise nobody knows how far the run came, and only what says `afterInterruption` is. What was undone once is not
 * undone again.
 */
export async function undoInterrupted(
  ports: ExecutePorts,
  of: Execution,
  steps: readonly StepRecord[],
): Promise<Undone | null> {
  const made = new StepMaker(ports, of, Math.max(-1, ...steps.map(({ n }) => n)) + 1);
  const forward = byName(steps, "step");
  const back = byName(steps, "compensation");
  for (const { name, state, result } of forward.values())
    if (state === "succeeded" && result) made.done.set(name, result);
  const failing = failedOf(of, steps) !== null;
  const touched = ({ name }: Step) => reached.has(forward.get(name)?.state ?? "");
  const { undone, failed } = await made.compensate(
    of.runbook.steps,
    (step) => {
      const before = back.get(step.name)?.state;
      if (!touched(step) || before === "succeeded" || before === "failed") return false;
      if (step.compensate?.afterInterruption === true) return true;
      return failing && before === undefined && forward.get(step.name)?.state === "succeeded";
    },
    true,
  );
  if (made.lost) return null;
  const earlier = (state: string) => [...back.values()].flatMap((one) => (one.state === state ? [one.name] : []));
  const all = { undone: [...earlier("succeeded"), ...undone], failed: [...earlier("failed"), ...failed] };
  const settled = new Set([...all.undone, ...all.failed]);
  const left = of.runbook.steps.filter((step) => step.compensate !== null && touched(step) && !settled.has(step.name));
  return { ...all, left: left.map(({ name }) => name) };
}

/** What is said of such a run: what is known, what is not, and what was undone. */
export function interruptedText(of: Execution, steps: readonly StepRecord[], { undone, failed, left }: Undone): string {
  const cause = failedOf(of, steps);
  const under =
    steps.find(({ phase, state }) => phase === "step" && open.has(state)) ?? steps.find(({ state }) => open.has(state));
  const when =
    under === undefined
      ? steps.length === 0
        ? "before its first step"
        : "between two steps"
      : under.phase === "step"
        ? `during step ${under.name}; whether that was done is not known`
        : `while step ${under.name} was being undone`;
  const parts = [
    `${cause === null ? "" : `step ${cause.name} failed, and `}its gateway went away ${when}`,
    ...(undone.length > 0 ? [`undone: ${undone.join(", ")}`] : []),
    ...(failed.length > 0 ? [`could not be undone: ${failed.join(", ")}`] : []),
    ...(left.length > 0 ? [`left as it is: ${left.join(", ")}`] : []),
  ];
  return parts.join("; ");
}

/** The step for which the run was over. */
function failedOf({ runbook }: Execution, steps: readonly StepRecord[]): StepRecord | null {
  const goesOn = new Set(runbook.steps.filter(({ continues }) => continues).map(({ name }) => name));
  return steps.find(({ phase, name, state }) => phase === "step" && state === "failed" && !goesOn.has(name)) ?? null;
}

function byName(steps: readonly StepRecord[], phase: StepRecord["phase"]): ReadonlyMap<string, StepRecord> {
  return new Map(steps.filter((step) => step.phase === phase).map((step) => [step.name, step]));
}
