import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context }) => {
  const { tokens, url } = await context.way();
  const token = await tokens.token();
  context.out.result({ gateway: url, token }, () => token);
};
