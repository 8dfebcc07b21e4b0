import { exitCodes } from "../exit-codes.js";
import type { Verb } from "../invocation.js";
import { printable } from "../output.js";
import { parametersFrom, type RunbookDetail } from "../runbooks/runbook.js";

interface DryStep {
  readonly name: string;
  readonly phase: string;
  readonly connection: string;
  readonly sends: string;
  readonly when: string | null;
  readonly outcome: string;
  readonly reasons: readonly string[];
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  const path = `/runbooks/${encodeURIComponent(args[0]!)}`;
  const runbook = await api.get<RunbookDetail>(path, { signal: context.signal });
  const body = { parameters: await parametersFrom(invocation, runbook) };
  const { items } = await api.post<{ items: readonly DryStep[] }>(`${path}/dry-run`, { body, signal: context.signal });
  context.out.result(items, () =>
    items
      .map((step) =>
        [
          `${step.phase} ${step.name} on ${step.connection}${step.when ? `, when ${step.when}` : ""}: ${step.outcome}`,
          ...printable(step.sends)
            .split("\n")
            .map((line) => `  > ${line}`),
          ...step.reasons.map((reason) => `  ${printable(reason)}`),
        ].join("\n"),
      )
      .join("\n\n"),
  );
  return items.some(({ outcome }) => outcome === "deny") ? exitCodes.denied.code : exitCodes.ok.code;
};
