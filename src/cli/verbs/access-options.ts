import { durationWords } from "../duration.js";
import type { Verb } from "../invocation.js";
import { table } from "../table.js";

interface Option {
  readonly connection: string;
  readonly protocol: string;
  readonly effects: readonly string[];
  readonly maxMs: number;
  readonly usable: boolean;
}

export const run: Verb = async ({ context }) => {
  const api = await context.api();
  const { items } = await api.get<{ readonly items: readonly Option[] }>("/access-requests/options", {
    signal: context.signal,
  });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "connection", value: (one) => one.connection },
        { title: "protocol", value: (one) => one.protocol },
        { title: "may be asked for", value: (one) => one.effects.join(", ") },
        { title: "at most", value: (one) => durationWords(one.maxMs) },
        { title: "open to you", value: (one) => (one.usable ? "already" : "not yet") },
      ],
      "The rules let you ask for nothing.",
    ),
  );
};
