import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  await confirmOrRefuse(
    invocation,
    `Remove the directory ${name} with its tokens? Its users and groups stay as local ones.`,
  );
  await (await context.api()).delete(`/directories/${encodeURIComponent(name)}`, { signal: context.signal });
  context.out.result({ removed: name }, () => `${name} is removed.`);
};
