import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const event = await (await context.api()).get<object>(`/events/${encodeURIComponent(args[0]!)}`, {
    signal: context.signal,
  });
  context.out.result(event, () => JSON.stringify(event, null, 2));
};
