import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context }) => {
  const { publicKey } = await (await context.api()).get<{ publicKey: string }>("/audit/heads", {
    signal: context.signal,
  });
  context.out.result({ publicKey }, () => publicKey.trimEnd());
};
