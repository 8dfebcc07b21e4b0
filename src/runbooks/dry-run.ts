import { hoopErrorFrom, type Subject } from "../vocabulary/index.js";
import type { ParameterValues } from "./parameters.js";
import type { RunConnections, StepJudge } from "./ports.js";
import type { Action, Runbook } from "./runbook.js";
import { connectionOf, sendingOf, sendingText } from "./sending.js";

/** One step as it would be. */
export interface DryStep {
  readonly name: string;
  readonly phase: "step" | "compensation";
  readonly connection: string;
  readonly kind: "sql" | "run" | "http";
  /** Exactly what would be sent; secrets as a mark, what earlier steps answer as its place. */
  readonly sends: string;
  /** Under which condition. */
  readonly when: string | null;
  readonly outcome: "allow" | "deny" | "hold" | "challenge" | "unknown";
  readonly reasons: readonly string[];
}

/** What a run would send, and what the rules would say; nothing is sent. Compensations come last, in their order. */
export async function dryRun(
  ports: { readonly judge: StepJudge; readonly connections: RunConnections },
  of: {
    readonly runbook: Runbook;
    readonly subject: Subject;
    readonly asker: string;
    readonly values: ParameterValues;
  },
  signal: AbortSignal,
): Promise<readonly DryStep[]> {
  const { runbook, subject, values } = of;
  const known = {
    run: { id: "00000000-0000-0000-0000-000000000000", by: of.asker },
    parameters: runbook.parameters,
    values,
    results: new Map(),
  };
  async function look(name: string, phase: DryStep["phase"], action: Action, when: string | null): Promise<DryStep> {
    const connection = connectionOf(action.where, values);
    const base = { name, phase, connection, kind: action.kind, when } as const;
    let sends = "";
    try {
      const sending = sendingOf(action, known, true);
      sends = sendingText(sending);
      const target = ports.connections.byName(connection);
      if (target === null || ports.connections.findFor(subject)(connection) === null)
        return { ...base, sends, outcome: "deny", reasons: ["there is no such connection, or it may not be used"] };
      return { ...base, sends, ...(await ports.judge.judge(subject, target, sending, signal)) };
    } catch (error) {
      return {
        ...base,
        sends,
        outcome: "deny",
        reasons: [hoopErrorFrom(error, "this step could not be judged").message],
      };
    }
  }
  const steps: DryStep[] = [];
  for (const step of runbook.steps) steps.push(await look(step.name, "step", step.action, step.when?.text ?? null));
  for (const step of runbook.steps.toReversed())
    if (step.compensate) steps.push(await look(step.name, "compensation", step.compensate.action, "the run fails"));
  return steps;
}
