import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const api = await context.api();
  await api.post(`/exporters/${encodeURIComponent(args[0]!)}/test`, {
    body: {},
    signal: context.signal,
    timeoutMs: 60_000,
  });
  context.out.result({ sent: true }, () => "The receiver took one line of type exporter.test.");
};
