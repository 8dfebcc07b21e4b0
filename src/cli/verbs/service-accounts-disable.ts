import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const name = args[0]!;
  const account = await (await context.api()).patch<object>(`/service-accounts/${encodeURIComponent(name)}`, {
    body: { disabled: true },
    signal: context.signal,
  });
  context.out.result(account, () => `${name} is disabled: everything of it ends now.`);
};
