import { flag, type Verb } from "../invocation.js";
import { printable } from "../output.js";
import type { RunbookDetail } from "../runbooks/runbook.js";
import { facts, table } from "../table.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  const found = await api.get<RunbookDetail>(`/runbooks/${encodeURIComponent(args[0]!)}`, { signal: context.signal });
  if (flag(invocation, "text") && !context.out.json) return context.out.raw(found.text);
  context.out.result(found, () =>
    [
      facts([
        ["runbook", `${found.name}, version ${found.version}`],
        ["what", found.title],
        ["from", found.origin],
        ["runs as", found.runsAs ?? "whoever runs it"],
        ["review", found.review ? "yes" : "no"],
        ["schedule", found.schedules.join("\n")],
      ]),
      table(
        found.form,
        [
          { title: "parameter", value: (one) => one.name },
          { title: "type", value: (one) => (one.values ? one.values.join("|") : one.type) },
          {
            title: "needed",
            value: (one) => (one.default !== undefined ? `default ${one.default}` : one.optional ? "no" : "yes"),
          },
          { title: "secret", value: (one) => (one.secret ? "yes" : "no") },
          { title: "what", value: (one) => one.help },
        ],
        "It takes no parameters.",
      ),
      table(found.plan, [
        { title: "step", value: (one) => one.name },
        { title: "on", value: (one) => one.connection },
        { title: "when", value: (one) => one.when ?? "always" },
        { title: "undone", value: (one) => (one.compensates ? "yes" : "no") },
        { title: "sends", value: (one) => (one.text.length > 80 ? `${one.text.slice(0, 80)}…` : one.text) },
      ]),
      ...(found.body.trim() === "" ? [] : [printable(found.body.trim())]),
    ].join("\n\n"),
  );
};
