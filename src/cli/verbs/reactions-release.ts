import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const id = args[0]!;
  await (await context.api()).delete(`/reactions/restraints/${encodeURIComponent(id)}`, { signal: context.signal });
  context.out.result({ lifted: id }, () => "Lifted.");
};
