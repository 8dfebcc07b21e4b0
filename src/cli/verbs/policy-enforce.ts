import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";
import { printable } from "../output.js";

interface Policy {
  readonly revision: number;
}

interface Enforced {
  readonly revision: number;
  readonly changed: boolean;
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const { out, signal } = context;
  const rule = args[0]!;
  const api = await context.api();
  const { revision } = await api.get<Policy>("/policy", { signal });
  await confirmOrRefuse(invocation, `Enforce ${printable(rule)} from now on?`);
  // What was looked at is what is changed: refused when policy has changed since.
  const path = `/policy/rules/${encodeURIComponent(rule)}/enforce`;
  const result = await api.post<Enforced>(path, { body: { revision }, signal });
  for (const warning of result.warnings) out.warn(printable(warning));
  out.result(result, () =>
    result.changed
      ? [...result.lines.map(printable), "", `Enforced: policy is at revision ${result.revision}.`].join("\n")
      : `${printable(rule)} is enforced already.`,
  );
};
