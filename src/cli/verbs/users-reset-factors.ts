import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  await confirmOrRefuse(
    invocation,
    `Take every second factor of ${name} away? Until they have a new one their password alone lets them in. Are you sure that it is they who ask?`,
  );
  await (await context.api()).delete(`/users/${encodeURIComponent(name)}/factors`, { signal: context.signal });
  context.out.result({ reset: name }, () => `${name} has no second factor any more, and is signed out everywhere.`);
};
