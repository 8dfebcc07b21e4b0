import { type BoundsBody, boundsWords } from "../bounds-options.js";
import type { Verb } from "../invocation.js";
import { table } from "../table.js";

interface Trust {
  readonly name: string;
  readonly account: string;
  readonly issuer: string;
  readonly audience: string;
  readonly claims: Readonly<Record<string, readonly string[]>>;
  readonly condition: string | null;
  readonly bounds: BoundsBody;
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: Trust[] }>("/federation", { signal: context.signal });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "trust", value: (one) => one.name },
        { title: "becomes", value: (one) => one.account },
        { title: "issuer", value: (one) => one.issuer },
        { title: "audience", value: (one) => one.audience },
        { title: "claims", value: claimWords },
        { title: "bounded to", value: (one) => boundsWords(one.bounds) },
      ],
      "No issuer of workload tokens is trusted.",
    ),
  );
};

function claimWords({ claims, condition }: Trust): string {
  const words = Object.entries(claims).map(([name, patterns]) => `${name}=${patterns.join("|")}`);
  return [...words, ...(condition === null ? [] : [condition])].join(", ");
}
