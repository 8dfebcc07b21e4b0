import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context }) => {
  const { login, url } = await context.way();
  let ended = true;
  try {
    await (await context.api()).post("/logout");
  } catch (error) {
    // The login here goes in any case; at the gateway it ends by itself.
    ended = false;
    context.out.warn(`the gateway was not told: ${(error as Error).message}`);
  }
  if (login) await context.store.remove(url);
  context.out.result({ gateway: url, endedAtGateway: ended }, () => `Logged out at ${url}.`);
};
