import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  await confirmOrRefuse(invocation, `Remove the runbook ${args[0]}?`);
  await api.delete(`/runbooks/${encodeURIComponent(args[0]!)}`, { signal: context.signal });
  context.out.result({ removed: args[0] }, () => `Removed ${args[0]}.`);
};
