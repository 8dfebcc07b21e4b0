import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const [directory = "", token = ""] = args;
  const path = `/directories/${encodeURIComponent(directory)}/tokens/${encodeURIComponent(token)}`;
  await (await context.api()).delete(path, { signal: context.signal });
  context.out.result({ revoked: token }, () => "The token is revoked.");
};
