import type { Verb } from "../invocation.js";
import { printable } from "../output.js";
import { ago, table } from "../table.js";

interface Delivery {
  readonly id: string;
  readonly rule: string;
  readonly target: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly endedAt: string | null;
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: readonly Delivery[] }>(
    "/reactions/deliveries?state=dead&limit=200",
    { signal: context.signal },
  );
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "given up", value: (d) => ago(d.endedAt) },
        { title: "reaction", value: (d) => d.rule },
        { title: "to", value: (d) => d.target },
        { title: "attempts", value: (d) => d.attempts },
        { title: "because", value: (d) => printable(d.error ?? "") },
        { title: "id", value: (d) => d.id },
      ],
      "Everything was delivered, or still will be.",
    ),
  );
};
