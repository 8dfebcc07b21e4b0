import type { Verb } from "../invocation.js";
import { ago, table } from "../table.js";

interface Token {
  readonly id: string;
  readonly label: string;
  readonly createdBy: string;
  readonly expires: string;
  readonly lastUsedAt: string | null;
}

export const run: Verb = async ({ context, args }) => {
  const path = `/directories/${encodeURIComponent(args[0]!)}/tokens`;
  const { items } = await (await context.api()).get<{ items: Token[] }>(path, { signal: context.signal });
  context.out.result(items, () =>
    table(items, [
      { title: "token", value: (one) => one.id },
      { title: "label", value: (one) => one.label },
      { title: "made by", value: (one) => one.createdBy },
      { title: "used", value: (one) => ago(one.lastUsedAt) || "never" },
      { title: "ends", value: (one) => ago(one.expires) },
    ]),
  );
};
