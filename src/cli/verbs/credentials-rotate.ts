import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const result = await (await context.api()).post<{ connection: string; user: string }>("/credentials/rotations", {
    body: { connection: args[0]! },
    signal: context.signal,
    timeoutMs: 120_000,
  });
  context.out.result(result, () => `${result.user} has a new password at ${result.connection}; nobody has seen it.`);
};
