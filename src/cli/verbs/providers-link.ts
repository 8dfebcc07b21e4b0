import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const [name, user, externalId] = [args[0]!, args[1]!, args[2]!];
  const body = { user, externalId };
  await (await context.api()).put(`/providers/${encodeURIComponent(name)}/links`, { body, signal: context.signal });
  context.out.result({ provider: name, ...body }, () => `${externalId} at ${name} is ${user} from now on.`);
};
