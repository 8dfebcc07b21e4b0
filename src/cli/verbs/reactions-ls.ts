import type { Verb } from "../invocation.js";
import { printable } from "../output.js";
import { ago, table } from "../table.js";

interface ReactionView {
  readonly name: string;
  readonly kind: "reaction" | "receiver";
  readonly text: string;
  readonly mode: string | null;
  readonly problem: string | null;
  readonly hasSecret: boolean | null;
  readonly counts: { readonly matched: number; readonly fired: number };
  readonly lastAt: string | null;
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: readonly ReactionView[] }>("/reactions", {
    signal: context.signal,
  });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "name", value: (r) => r.name },
        { title: "kind", value: (r) => r.kind },
        { title: "mode", value: (r) => r.mode ?? (r.hasSecret ? "sealed secret" : "no secret") },
        { title: "matched", value: (r) => (r.kind === "reaction" ? r.counts.matched : "") },
        { title: "fired", value: (r) => (r.kind === "reaction" ? r.counts.fired : "") },
        { title: "last", value: (r) => ago(r.lastAt) },
        { title: "what it does", value: (r) => printable(r.problem ?? r.text).slice(0, 120) },
      ],
      "There are no reactions yet: hoop reactions apply -f FILE",
    ),
  );
};
