import { text, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const body = { name: args[0]!, description: text(invocation, "description") ?? "" };
  const made = await (await context.api()).post<object>("/groups", { body, signal: context.signal });
  context.out.result(made, () => `Added ${body.name}.`);
};
