import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  await confirmOrRefuse(invocation, `Remove the group ${name}? Its members lose what it gives at once.`);
  await (await context.api()).delete(`/groups/${encodeURIComponent(name)}`, { signal: context.signal });
  context.out.result({ removed: name }, () => `${name} is removed.`);
};
