import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  await confirmOrRefuse(invocation, `Refuse the agent ${name} from now on, and end what goes through it?`);
  await (await context.api()).delete(`/agents/${encodeURIComponent(name)}`, { signal: context.signal });
  context.out.result({ revoked: name }, () => `${name} is revoked.`);
};
