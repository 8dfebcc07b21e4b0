import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context }) => {
  const { heads } = await (await context.api()).get<{ heads: readonly object[] }>("/audit/heads", {
    signal: context.signal,
  });
  // The form of a heads file, for people too: it is made to be kept.
  context.out.result(heads, () => heads.map((head) => JSON.stringify(head)).join("\n"));
};
