import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const api = await context.api();
  await api.post(`/runs/${encodeURIComponent(args[0]!)}/cancel`, { body: {}, signal: context.signal });
  context.out.result({ cancelled: args[0] }, () => "It ends; what it did is undone as the runbook says.");
};
