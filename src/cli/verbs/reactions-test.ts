import { flag, text, type Verb } from "../invocation.js";
import { table } from "../table.js";

interface Tested {
  readonly matches: boolean;
  readonly actions: readonly { readonly kind: string; readonly would: string; readonly outcome: string | null }[];
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const body = { type: text(invocation, "type"), send: flag(invocation, "send") };
  const tested = await (await context.api()).post<Tested>(`/reactions/${encodeURIComponent(args[0]!)}/test`, {
    body,
    signal: context.signal,
  });
  context.out.result(tested, () =>
    [
      tested.matches
        ? "The sample matches the rule."
        : "The sample does not match the rule's criteria; its actions would be:",
      table(
        tested.actions,
        [
          { title: "action", value: (a) => a.kind },
          { title: "on", value: (a) => a.would },
          { title: "outcome", value: (a) => a.outcome ?? "not done: this is a test" },
        ],
        "",
      ),
    ].join("\n"),
  );
};
