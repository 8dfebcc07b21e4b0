import { type BoundsBody, boundsWords } from "../bounds-options.js";
import { flag, type Verb } from "../invocation.js";
import { ago, table } from "../table.js";

interface Delegation {
  readonly id: string;
  readonly machine: { readonly name: string };
  readonly person: { readonly name: string };
  readonly bounds: BoundsBody;
  readonly expires: string;
  readonly endedAt: string | null;
  readonly because: string | null;
  readonly standing: boolean;
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const query = { all: flag(invocation, "all") };
  const { items } = await (await context.api()).get<{ items: Delegation[] }>("/delegations", {
    query,
    signal: context.signal,
  });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "id", value: (one) => one.id.slice(0, 8) },
        { title: "machine", value: (one) => one.machine.name },
        { title: "for", value: (one) => one.person.name },
        { title: "bounded to", value: (one) => boundsWords(one.bounds) },
        {
          title: "ends",
          value: (one) => (one.endedAt === null ? ago(one.expires) : `${one.because} ${ago(one.endedAt)}`),
        },
      ],
      "Nobody acts for you.",
    ),
  );
};
