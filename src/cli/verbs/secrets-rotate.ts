import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context }) => {
  const result = await (await context.api()).post<{ resealed: number; keyId: string }>("/secrets/rotate", {
    signal: context.signal,
    timeoutMs: 300_000,
  });
  context.out.result(result, () => `${result.resealed} secrets are sealed anew, under the key ${result.keyId}.`);
};
