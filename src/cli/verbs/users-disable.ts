import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const name = args[0]!;
  const user = await (await context.api()).patch<object>(`/users/${encodeURIComponent(name)}`, {
    body: { disabled: true },
    signal: context.signal,
  });
  context.out.result(user, () => `${name} is disabled: every session of theirs ends now.`);
};
