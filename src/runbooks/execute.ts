import { deadline, HoopError, hoopErrorFrom, type Subject } from "../vocabulary/index.js";
import type { StepView } from "./condition.js";
import type { ParameterValues } from "./parameters.js";
import type { StepLanes } from "./ports.js";
import { noResult, type Run, type StepRecord, type StepResult, type StepState } from "./run.js";
import type { Action, Runbook, Step } from "./runbook.js";
import { connectionOf, type Known, sendingOf, sendingText, viewOf, withoutSecrets } from "./sending.js";

export interface ExecutePorts {
  readonly lanes: StepLanes;
  /** Writes a step down before it begins and after it ends. Throws when this replica may not go on with the run. */
  readonly note: (step: StepRecord) => Promise<void>;
  readonly now: () => number;
}

export interface Execution {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly subject: Subject;
  readonly values: ParameterValues;
}

export interface Compensated {
  readonly undone: readonly string[];
  readonly failed: readonly string[];
}

/** All compensations of a run together, at most. */
const compensationMs = 10 * 60_000;
const patientTries = 20;
const patientMs = 3_000;

/**
 * Runs the steps in order; what fails undoes what was done, last first. Throws HoopError with why the run failed. `signal` ends the
 * run between and inside of steps; compensations go on regardless, each within its own time. `interrupted`: this gateway stops, and only
 * what is declared safe for that is undone.
 */
export async function execute(
  ports: ExecutePorts,
  of: Execution,
  signal: AbortSignal,
  interrupted: () => boolean,
): Promise<void> {
  const made = new StepMaker(ports, of);
  try {
    for (const step of of.runbook.steps) await made.step(step, signal);
  } catch (error) {
    const failure = hoopErrorFrom(error);
    // Without the right to this run, undoing it is somebody else's too.
    if (!made.lost) {
      const only = interrupted();
      await made.compensate(
        of.runbook.steps,
        (step) => made.done.has(step.name) && (!only || step.compensate?.afterInterruption === true),
      );
    }
    throw failure;
  }
}

/** Makes the steps of one run, one after the other, and undoes them. */
export class StepMaker {
  readonly done = new Map<string, StepResult>();
  /** The run is another replica's by now. */
  lost = false;
  readonly #views: Record<string, StepView> = {};
  readonly #ports: ExecutePorts;
  readonly #of: Execution;
  #n: number;

  constructor(ports: ExecutePorts, of: Execution, n = 0) {
    this.#ports = ports;
    this.#of = of;
    this.#n = n;
  }

  get #known(): Known {
    const { run, runbook, values } = this.#of;
    return { run: { id: run.id, by: run.asker.name }, parameters: runbook.parameters, values, results: this.done };
  }

  async step(step: Step, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw hoopErrorFrom(signal.reason, "the run was ended");
    const { values } = this.#of;
    const params = values;
    if (step.when !== null && !step.when.holds({ params, steps: this.#views })) {
      this.#views[step.name] = viewOf(null, false);
      const at = new Date(this.#ports.now());
      await this.#note({ ...this.#blank(step.name, "step"), state: "skipped", startedAt: at, endedAt: at });
      return;
    }
    try {
      const result = await this.#send(step.name, "step", step.action, signal, step.secretOutput, (found) => {
        const view = { params, steps: { ...this.#views, [step.name]: viewOf(found, true) } };
        if (step.expect !== null && !step.expect.holds(view))
          throw new HoopError("precondition-failed", `what was expected of it is not so: ${step.expect.text}`);
      });
      this.done.set(step.name, result);
      this.#views[step.name] = viewOf(result, true);
    } catch (error) {
      const failure = hoopErrorFrom(error);
      this.#views[step.name] = { ...viewOf(noResult, false) };
      if (this.lost || signal.aborted || !step.continues)
        throw new HoopError(failure.code, `step ${step.name}: ${failure.message}`, {
          cause: error,
          hint: failure.hint,
        });
    }
  }

  /**
   * Answers the names of the steps that it undid, and of those that it could not. `patient`: after a restart agents need a moment to
   * come back, and what cannot be reached is tried again.
   */
  async compensate(steps: readonly Step[], which: (step: Step) => boolean, patient = false): Promise<Compensated> {
    const made: { undone: string[]; failed: string[] } = { undone: [], failed: [] };
    const signal = deadline(compensationMs);
    for (const step of steps.toReversed()) {
      if (step.compensate === null || !which(step)) continue;
      for (let tries = patient ? patientTries : 1; tries > 0 && !this.lost; tries--) {
        const { action } = step.compensate;
        const failure = await this.#send(step.name, "compensation", action, signal, step.secretOutput, () => {}).then(
          () => null,
          (error: unknown) => hoopErrorFrom(error),
        );
        // One that fails must not keep the others from being tried; it is in the run's record.
        if (failure?.code !== "unavailable" || tries === 1) {
          made[failure === null ? "undone" : "failed"].push(step.name);
          break;
        }
        this.#n -= 1;
        await new Promise((resolve) => setTimeout(resolve, patientMs));
      }
      if (this.lost) break;
    }
    return made;
  }

  async #send(
    name: string,
    phase: StepRecord["phase"],
    action: Action,
    outer: AbortSignal,
    secretOutput: boolean,
    check: (result: StepResult) => void,
  ): Promise<StepResult> {
    const { run, runbook, subject, values } = this.#of;
    const blank = this.#blank(name, phase);
    const startedAt = new Date(this.#ports.now());
    let record: StepRecord = { ...blank, state: "running", startedAt };
    let kept: StepResult | null = null;
    try {
      const connection = connectionOf(action.where, values);
      const sending = sendingOf(action, this.#known);
      record = { ...record, connection, sent: sendingText(sendingOf(action, this.#known, true)) };
      // Written down before it is sent, so that a crash leaves a step that may have run, never one that nobody knows of.
      await this.#note(record);
      const signal = deadline(action.timeoutMs, outer);
      const opened = (session: string): void => {
        record = { ...record, session };
      };
      const target = { connection, subject, run: run.id, cause: run.cause, opened };
      const found = await this.#ports.lanes.send(target, sending, signal);
      kept = secretOutput ? { ...noResult, rows: found.rows, exit: found.exit, status: found.status } : found;
      verify(action, found);
      check(found);
      await this.#note({ ...record, ...this.#ended("succeeded", kept), error: null });
      return found;
    } catch (error) {
      const failure = timely(error, outer, action.timeoutMs);
      const words = withoutSecrets(failure.message, runbook.parameters, values);
      if (!this.lost) await this.#note({ ...record, ...this.#ended("failed", kept), error: words }).catch(() => {});
      throw new HoopError(failure.code, words, { cause: error, hint: failure.hint });
    }
  }

  #ended(state: StepState, result: StepResult | null) {
    const { runbook, values } = this.#of;
    const clean = (text: string) => withoutSecrets(text, runbook.parameters, values);
    return {
      state,
      endedAt: new Date(this.#ports.now()),
      result: result && {
        ...result,
        stdout: clean(result.stdout),
        stderr: clean(result.stderr),
        body: clean(result.body),
        sample: result.sample.map((row) => row.map((cell) => (cell === null ? null : clean(cell)))),
      },
    };
  }

  #blank(name: string, phase: StepRecord["phase"]): StepRecord {
    const at = new Date(this.#ports.now());
    const n = this.#n++;
    return {
      n,
      phase,
      name,
      state: "running",
      connection: null,
      session: null,
      startedAt: at,
      endedAt: null,
      sent: null,
      result: null,
      error: null,
    };
  }

  async #note(step: StepRecord): Promise<void> {
    try {
      await this.#ports.note(step);
    } catch (error) {
      this.lost = true;
      throw error;
    }
  }
}

/** What the target's own answer says about success. */
function verify(action: Action, { exit, status, stderr }: StepResult): void {
  if (action.kind === "run" && exit !== 0)
    throw new HoopError(
      "precondition-failed",
      `the command ended with ${exit === null ? "a signal" : `exit code ${exit}`}${stderr === "" ? "" : `: ${stderr.trim().slice(0, 500)}`}`,
    );
  if (action.kind !== "http" || status === null) return;
  const fine = action.statuses ? action.statuses.includes(status) : status >= 200 && status < 300;
  if (!fine) throw new HoopError("precondition-failed", `the target answered ${status}`);
}

function timely(error: unknown, outer: AbortSignal, ms: number): HoopError {
  if (outer.aborted) return hoopErrorFrom(outer.reason, "the run took too long");
  if (error instanceof DOMException || (error instanceof Error && error.name === "TimeoutError"))
    return new HoopError("timeout", `it took longer than ${ms / 1_000} s`);
  return hoopErrorFrom(error, "the step failed inside Hoop");
}
