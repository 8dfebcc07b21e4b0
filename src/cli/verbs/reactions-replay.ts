import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const answer = await (await context.api()).post<{ replayed: number }>("/reactions/deliveries/replay", {
    body: { ids: args.flat() },
    signal: context.signal,
  });
  context.out.result(answer, () => `${answer.replayed} are delivered again.`);
};
