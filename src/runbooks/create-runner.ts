import { randomUUID } from "node:crypto";
import { deadline, HoopError, hoopErrorFrom, type Subject } from "../vocabulary/index.js";
import { digestOf, termsOf } from "./approval.js";
import { actingOf, runsAs } from "./authority.js";
import { type DryStep, dryRun } from "./dry-run.js";
import { type ExecutePorts, execute } from "./execute.js";
import { runbookLimits } from "./limits.js";
import { checkParameters, type ParameterValues, shownParameters } from "./parameters.js";
import type {
  RunApprovals,
  RunbookLog,
  RunConnections,
  RunSubjects,
  RunWitness,
  StepJudge,
  StepLanes,
} from "./ports.js";
import { endStates, type Run, type RunCause, type RunState } from "./run.js";
import { loadRunbook, type Runbook } from "./runbook.js";
import { connectionOf } from "./sending.js";
import type { RunbookStore } from "./store.js";
import { type TakeUpPorts, takeUp } from "./take-up.js";

export interface RunnerPorts {
  readonly store: RunbookStore;
  readonly lanes: StepLanes;
  readonly judge: StepJudge;
  readonly subjects: RunSubjects;
  readonly connections: RunConnections;
  readonly approvals: RunApprovals;
  readonly witness: RunWitness;
  readonly log: RunbookLog;
  readonly replica: string;
  readonly now: () => number;
}

export interface StartRequest {
  readonly runbook: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly asker: Subject;
  readonly origin: Run["origin"];
  readonly cause: readonly RunCause[];
  /** The same twice for one runbook is one run. */
  readonly key: string;
}

export interface Runner {
  /** Writes the run down and starts it. Throws HoopError `not-found`, `invalid`, `denied`, `limited`. */
  start(request: StartRequest): Promise<Run>;
  /** What it would send, and what the rules say of it. */
  dryRun(
    request: Pick<StartRequest, "runbook" | "parameters" | "asker">,
    signal: AbortSignal,
  ): Promise<readonly DryStep[]>;
  cancel(run: string, by: { readonly name: string }): Promise<void>;
  /** Says that this replica's runs go on, and takes over those of replicas that are gone. */
  beat(): Promise<void>;
  /** How many run or wait here. */
  readonly active: number;
  /** Ends what runs here, undoes what may be undone, lets go of what waits. */
  close(): Promise<void>;
}

interface Prepared {
  readonly runbook: Runbook;
  readonly version: number;
  readonly subject: Subject;
  readonly values: ParameterValues;
}

interface Here {
  readonly subject: string;
  readonly stop: AbortController;
  /** Not null: it waits for people. */
  waits: { leave(why: "cancelled" | "restarted"): void } | null;
  over: Promise<void>;
}

/** The runs of this replica. */
export function createRunner(ports: RunnerPorts): Runner {
  const { store, replica, log } = ports;
  const here = new Map<string, Here>();
  /** Runs that are begun, taken up or told of here: nobody else's, and not followed yet or any more. */
  const inHand = new Set<string>();
  let closed = false;

  async function find(name: string): Promise<{ readonly runbook: Runbook; readonly version: number }> {
    const stored = await store.get(name);
    if (stored === null)
      throw new HoopError("not-found", `there is no runbook ${JSON.stringify(name.slice(0, 63))}`, {
        hint: "hoop runbook ls",
      });
    return { runbook: loadRunbook(stored.text), version: stored.version };
  }

  async function prepare(request: Pick<StartRequest, "runbook" | "parameters" | "asker">): Promise<Prepared> {
    const { runbook, version } = await find(request.runbook);
    const subject = await runsAs(runbook, request.asker, ports.subjects);
    const values = checkParameters(runbook.parameters, request.parameters, ports.connections.findFor(subject));
    return { runbook, version, subject, values };
  }

  /** Everything from here to the end of the run; never rejects. */
  function follow(run: Run, runbook: Runbook, subject: Subject, values: ParameterValues): Here {
    const stop = new AbortController();
    const entry: Here = { subject: subject.id, stop, waits: null, over: Promise.resolve() };
    here.set(run.id, entry);
    entry.over = (run.state === "waiting" ? approved(run, runbook, subject, values, entry) : Promise.resolve(true))
      .then((go) => (go ? carryOut(run, runbook, subject, values, entry) : undefined))
      .catch((error: unknown) =>
        log.error({ err: error, run: run.id }, "a run was lost sight of; it is taken up again"),
      )
      .finally(() => here.delete(run.id));
    return entry;
  }

  /** Waits for people; false: it does not run, or not here. */
  async function approved(run: Run, runbook: Runbook, subject: Subject, values: ParameterValues, entry: Here) {
    const terms = termsOf(runbook);
    const first = ports.connections.byName(connectionOf(runbook.steps[0]!.action.where, values));
    if (terms === null || first === null)
      return end(run, "failed", "the review that it waits for cannot be asked for any more");
    const digest = digestOf(run, values);
    const asker = run.asker.id === subject.id ? null : await ports.subjects.byId(run.asker.id);
    const decision = deferred<{ readonly approved: boolean; readonly why: string }>();
    const would = { runbook, subject, asker: run.asker.name, values };
    const steps = await dryRun(ports, would, deadline(20_000));
    const held = await ports.approvals.ask(
      {
        ...{ run: run.id, subject, asker, connection: first, digest, terms, steps },
        runbook: { name: runbook.name, version: run.version },
        parameters: shownParameters(runbook.parameters, values),
        why: `runbook ${runbook.name} runs after approval only`,
      },
      decision.resolve,
    );
    entry.waits = held;
    const stopped = () => decision.reject(entry.stop.signal.reason);
    entry.stop.signal.addEventListener("abort", stopped, { once: true });
    if (entry.stop.signal.aborted) stopped();
    try {
      if (!(await store.update(run.id, replica, { review: held.review }))) return false;
      const { approved: yes, why } = await decision.promise;
      if (!yes) return end(run, "denied", why);
      if (!(await ports.approvals.use(held.review, digest)))
        return end(run, "denied", "its approval could not be used");
      return store.update(run.id, replica, { state: "running", started: true });
    } catch (error) {
      const why = hoopErrorFrom(error);
      // A gateway that stops leaves it to the next one, with its review.
      if (closed) {
        held.leave("restarted");
        await store.release(run.id, replica);
        return false;
      }
      held.leave("cancelled");
      return end(run, "cancelled", why.message);
    } finally {
      entry.waits = null;
      entry.stop.signal.removeEventListener("abort", stopped);
    }
  }

  async function carryOut(
    run: Run,
    runbook: Runbook,
    subject: Subject,
    values: ParameterValues,
    entry: Here,
  ): Promise<void> {
    const tooLong = setTimeout(
      () => entry.stop.abort(new HoopError("timeout", `the run took longer than ${runbook.timeoutMs / 1_000} s`)),
      runbook.timeoutMs,
    );
    try {
      await execute(executePorts(run), { run, runbook, subject, values }, entry.stop.signal, () => closed);
      await end(run, "succeeded", null);
    } catch (error) {
      const failure = hoopErrorFrom(error);
      if (failure.code === "conflict" && failure.message === lostText) return;
      const state: RunState = closed
        ? "interrupted"
        : entry.stop.signal.aborted && failure.code === "cancelled"
          ? "cancelled"
          : "failed";
      await end(run, state, failure.message, failure.code === "timeout");
    } finally {
      clearTimeout(tooLong);
    }
  }

  const lostText = "another gateway has taken this run over";

  function executePorts(run: Run): ExecutePorts {
    return {
      lanes: ports.lanes,
      now: ports.now,
      async note(step) {
        if (!(await store.putStep(run.id, replica, step))) throw new HoopError("conflict", lostText);
      },
    };
  }

  async function end(run: Run, state: RunState, error: string | null, timedOut = false): Promise<false> {
    if (!(await store.update(run.id, replica, { state, error, timedOut }))) return false;
    const over = (await store.run(run.id)) ?? { ...run, state, error };
    ports.witness.finished(over);
    await tell(over).catch((problem: unknown) =>
      log.error({ err: problem, run: run.id }, "the end of a run could not be recorded; it is tried again"),
    );
    return false;
  }

  /** Into the audit: at once, or by whoever finds that nobody did. */
  async function tell(over: Run): Promise<void> {
    const { state, error } = over;
    await ports.witness.record("runbook.finished", over, { state, error });
    await store.told(over.id);
  }

  const taking: TakeUpPorts = {
    ...ports,
    end,
    executing: executePorts,
    follow: ({ run, runbook, subject, values }) => void follow(run, runbook, subject, values),
  };

  /** Nobody else's run waits for it. */
  function apart(run: Run, work: (run: Run) => Promise<void>, failed: string): void {
    inHand.add(run.id);
    void work(run)
      .catch((error: unknown) => log.error({ err: error, run: run.id }, failed))
      .finally(() => inHand.delete(run.id));
  }

  /** Writes a run down, and follows it. */
  async function begin(id: string, request: StartRequest, of: Prepared): Promise<Run> {
    const { runbook, version, subject, values } = of;
    const { run, made } = await store.open({
      id,
      runbook: runbook.name,
      version,
      hash: runbook.hash,
      state: termsOf(runbook) === null ? "running" : "waiting",
      origin: request.origin,
      subject: { id: subject.id, name: subject.name },
      acting: actingOf(subject),
      asker: { id: request.asker.id, name: request.asker.name },
      // The last link waits for the run that its rule started.
      cause: request.cause.map((link, at) =>
        at === request.cause.length - 1 && link.run === null ? { ...link, run: id } : link,
      ),
      key: request.key,
      replica,
      parameters: values,
    });
    if (!made) return run;
    const shown = shownParameters(runbook.parameters, values);
    const { origin, version: number, hash, asker, cause } = run;
    try {
      await ports.witness.record("runbook.started", run, {
        origin,
        version: number,
        hash,
        asker: asker.name,
        as: subject.name,
        parameters: shown,
        cause,
      });
    } catch (error) {
      await store.update(run.id, replica, {
        state: "failed",
        error: "it could not be recorded, so it did not begin",
      });
      throw error;
    }
    follow(run, runbook, subject, values);
    return run;
  }

  return {
    get active() {
      return here.size;
    },
    async start(request) {
      if (closed) throw new HoopError("unavailable", "this gateway is shutting down");
      if (request.key === "" || request.key.length > runbookLimits.key)
        throw new HoopError("invalid", `a run's key has 1 to ${runbookLimits.key} characters`);
      const { runbook, version, subject, values } = await prepare(request);
      if (here.size >= runbookLimits.runs)
        throw new HoopError("limited", "as many runbooks run as this gateway runs at once");
      let own = 0;
      for (const one of here.values()) if (one.subject === subject.id) own += 1;
      if (own >= runbookLimits.runsPerSubject)
        throw new HoopError("limited", `${subject.name} has ${own} runs under way, which is as many as one may have`);
      const id = randomUUID();
      inHand.add(id);
      try {
        return await begin(id, request, { runbook, version, subject, values });
      } finally {
        inHand.delete(id);
      }
    },
    async dryRun(request, signal) {
      const { runbook, subject, values } = await prepare(request);
      return dryRun(ports, { runbook, subject, asker: request.asker.name, values }, signal);
    },
    async cancel(id, by) {
      const run = await store.run(id);
      if (run === null) throw new HoopError("not-found", "there is no such run");
      if (endStates.has(run.state) || !(await store.askCancel(id, by.name)))
        throw new HoopError("conflict", "this run is over");
      here.get(id)?.stop.abort(new HoopError("cancelled", `${by.name} ended this run`));
    },
    async beat() {
      const followed = new Set(here.keys());
      const mine = [...followed, ...inHand];
      const alive = new Map((await store.beat(replica, mine)).map((one) => [one.id, one.cancelledBy]));
      for (const id of mine) {
        const by = alive.get(id);
        // One that was just begun may not have been in the store yet.
        if (by === undefined && !followed.has(id)) continue;
        if (by === undefined) here.get(id)?.stop.abort(new HoopError("conflict", lostText));
        else if (by !== null) here.get(id)?.stop.abort(new HoopError("cancelled", `${by} ended this run`));
      }
      if (closed) return;
      const { lostMs } = runbookLimits;
      for (const run of await store.adopt(replica, [...here.keys(), ...inHand], lostMs, 16))
        apart(run, (one) => takeUp(taking, one), "a run could not be taken up; it is tried again");
      for (const run of await store.untold(replica, lostMs, 16))
        if (!inHand.has(run.id)) apart(run, tell, "the end of a run could not be recorded; it is tried again");
    },
    async close() {
      closed = true;
      const entries = [...here.values()];
      for (const { stop } of entries) stop.abort(new HoopError("unavailable", "the gateway was shut down"));
      await Promise.all(entries.map(({ over }) => over));
    },
  };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever waits sees it; nobody may be waiting yet.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
