import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  await confirmOrRefuse(invocation, `Remove the exporter ${args[0]}? What it has not delivered, it never will.`);
  await api.delete(`/exporters/${encodeURIComponent(args[0]!)}`, { signal: context.signal });
  context.out.result({ removed: args[0] }, () => `Removed ${args[0]}.`);
};
