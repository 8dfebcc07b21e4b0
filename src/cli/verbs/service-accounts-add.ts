import { flag, texts, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  const body = { name, kind: flag(invocation, "agent") ? "agent" : "service", groups: texts(invocation, "group") };
  const account = await (await context.api()).post<object>("/service-accounts", { body, signal: context.signal });
  context.out.result(account, () => `Added ${name}. It gets in by a key: hoop service-accounts key ${name} <key name>`);
};
