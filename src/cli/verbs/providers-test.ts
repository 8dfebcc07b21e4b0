import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const api = await context.api();
  const { notes } = await api.post<{ notes: string[] }>(`/providers/${encodeURIComponent(args[0]!)}/test`, {
    signal: context.signal,
    timeoutMs: 60_000,
  });
  context.out.result({ notes }, () => notes.join("\n"));
};
