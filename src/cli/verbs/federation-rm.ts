import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  await confirmOrRefuse(invocation, `Trust ${name} no more, and end what was got under it?`);
  await (await context.api()).delete(`/federation/${encodeURIComponent(name)}`, { signal: context.signal });
  context.out.result({ removed: name }, () => `Removed ${name}.`);
};
