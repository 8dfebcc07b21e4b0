import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  await confirmOrRefuse(invocation, `Remove the role ${name}, and take it from everybody who has it?`);
  await (await context.api()).delete(`/roles/${encodeURIComponent(name)}`, { signal: context.signal });
  context.out.result({ removed: name }, () => `${name} is removed.`);
};
