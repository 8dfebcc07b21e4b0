import type { Verb } from "../invocation.js";
import type { RunbookView } from "../runbooks/runbook.js";
import { ago, table } from "../table.js";

export const run: Verb = async ({ context }) => {
  const api = await context.api();
  const { items } = await api.get<{ items: readonly RunbookView[] }>("/runbooks", { signal: context.signal });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "runbook", value: (one) => one.name },
        { title: "version", value: (one) => one.version },
        { title: "from", value: (one) => one.origin },
        { title: "changed", value: (one) => ago(one.changedAt) },
        { title: "runs as", value: (one) => one.runsAs ?? "you" },
        { title: "review", value: (one) => (one.review ? "yes" : "no") },
        { title: "schedule", value: (one) => one.schedules.join(", ") },
        { title: "what", value: (one) => one.problem ?? one.title },
      ],
      "There is no runbook that you may run.",
    ),
  );
};
