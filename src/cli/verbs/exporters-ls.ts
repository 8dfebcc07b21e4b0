import { addressOf, type ExporterView } from "../exporter.js";
import type { Verb } from "../invocation.js";
import { ago, table } from "../table.js";

export const run: Verb = async ({ context }) => {
  const api = await context.api();
  const { items } = await api.get<{ items: readonly ExporterView[] }>("/exporters", { signal: context.signal });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "exporter", value: (one) => one.name },
        { title: "to", value: addressOf },
        { title: "what", value: (one) => one.sources.join(", ") },
        { title: "on", value: (one) => (one.enabled ? "yes" : "no") },
        { title: "delivered", value: (one) => one.delivered },
        { title: "last", value: (one) => ago(one.deliveredAt) },
        { title: "behind", value: (one) => one.lag },
        { title: "problem", value: (one) => one.problem },
      ],
      "There is no exporter.",
    ),
  );
};
