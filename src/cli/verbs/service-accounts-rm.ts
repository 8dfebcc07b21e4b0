import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  await confirmOrRefuse(invocation, `Remove ${name} with its keys, trusts and delegations, and end what they opened?`);
  await (await context.api()).delete(`/service-accounts/${encodeURIComponent(name)}`, { signal: context.signal });
  context.out.result({ removed: name }, () => `Removed ${name}.`);
};
