import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const name = args[0]!;
  const user = await (await context.api()).patch<object>(`/users/${encodeURIComponent(name)}`, {
    body: { disabled: false },
    signal: context.signal,
  });
  context.out.result(user, () => `${name} is let in again.`);
};
