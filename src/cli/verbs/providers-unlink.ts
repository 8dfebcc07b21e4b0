import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const [name, externalId] = [args[0]!, args[1]!];
  const api = await context.api();
  await api.delete(`/providers/${encodeURIComponent(name)}/links`, { query: { externalId }, signal: context.signal });
  context.out.result({ provider: name, externalId }, () => `${externalId} at ${name} is nobody here any more.`);
};
