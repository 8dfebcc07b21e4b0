import { HoopError } from "../../vocabulary/index.js";
import type { Verb } from "../invocation.js";
import { printable } from "../output.js";
import { ago, table } from "../table.js";

interface Firing {
  readonly at: string;
  readonly event: { readonly id: string; readonly type: string; readonly subject: { readonly name: string } | null };
  readonly events: readonly string[];
  readonly actions: readonly string[];
}

export const run: Verb = async ({ context, args }) => {
  const api = await context.api();
  const name = args[0]!;
  const { signal } = context;
  const { items } = await api.get<{ items: readonly { name: string; text: string }[] }>("/reactions", { signal });
  const found = items.find((one) => one.name === name);
  if (found === undefined)
    throw new HoopError("not-found", `there is no reaction ${JSON.stringify(name)}`, { hint: "hoop reactions ls" });
  const fired = await api.get<{ items: readonly Firing[] }>(
    `/reactions/firings?rule=${encodeURIComponent(name)}&limit=10`,
    { signal },
  );
  context.out.result({ ...found, firings: fired.items }, () =>
    [
      printable(found.text),
      "",
      table(
        fired.items,
        [
          { title: "fired", value: (f) => ago(f.at) },
          { title: "event", value: (f) => f.event.type },
          { title: "subject", value: (f) => f.event.subject?.name ?? "" },
          { title: "counted", value: (f) => f.events.length },
          { title: "did", value: (f) => f.actions.join(", ") },
        ],
        "It has not fired yet.",
      ),
    ].join("\n"),
  );
};
