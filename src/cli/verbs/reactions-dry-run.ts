import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";
import { policyText } from "../policy-text.js";
import { secondsFrom } from "../seconds-from.js";
import { table } from "../table.js";

interface DryRun {
  readonly looked: number;
  readonly matched: number;
  readonly quiet: number;
  readonly guarded: number;
  readonly firings: readonly {
    readonly at: string;
    readonly event: { readonly type: string; readonly subject: { readonly name: string } | null };
    readonly events: readonly string[];
  }[];
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const file = text(invocation, "file");
  if ((args[0] === undefined) === (file === undefined))
    throw new HoopError("invalid", "name a reaction, or give a file with -f");
  const body = {
    ...(file === undefined ? { name: args[0] } : { text: await policyText(file) }),
    sinceSeconds: secondsFrom(text(invocation, "since")!),
  };
  const found = await (await context.api()).post<DryRun>("/reactions/dry-run", { body, signal: context.signal });
  context.out.result(found, () =>
    [
      `Of ${found.looked} events ${found.matched} match; it would have fired ${found.firings.length} times and stayed quiet ${found.quiet} times.`,
      table(
        found.firings,
        [
          { title: "when", value: (f) => f.at },
          { title: "event", value: (f) => f.event.type },
          { title: "subject", value: (f) => f.event.subject?.name ?? "" },
          { title: "counted", value: (f) => f.events.length },
        ],
        "",
      ),
    ].join("\n"),
  );
};
