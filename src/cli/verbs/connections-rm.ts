import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  await confirmOrRefuse(invocation, `Remove ${name}, its stored secret, and end its sessions?`);
  await (await context.api()).delete(`/connections/${encodeURIComponent(name)}`, { signal: context.signal });
  context.out.result({ removed: name }, () => `Removed ${name}.`);
};
