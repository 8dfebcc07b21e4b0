import { type BoundsBody, boundsWords } from "../bounds-options.js";
import type { Verb } from "../invocation.js";
import { ago, table } from "../table.js";

interface Account {
  readonly name: string;
  readonly kind: string;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly keys: readonly {
    readonly name: string;
    readonly hint: string;
    readonly state: string;
    readonly bounds: BoundsBody;
    readonly expires: string;
    readonly lastUsedAt: string | null;
  }[];
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: Account[] }>("/service-accounts", {
    signal: context.signal,
  });
  const rows = items.flatMap((account): { account: Account; key: Account["keys"][number] | null }[] => {
    const keys = account.keys.filter(({ state }) => state === "active");
    return keys.length === 0 ? [{ account, key: null }] : keys.map((key) => ({ account, key }));
  });
  context.out.result(items, () =>
    table(
      rows,
      [
        { title: "account", value: ({ account }) => account.name },
        { title: "kind", value: ({ account }) => account.kind },
        { title: "groups", value: ({ account }) => account.groups.join(", ") },
        { title: "key", value: ({ key }) => key && `${key.name} (${key.hint}…)` },
        { title: "bounded to", value: ({ key }) => key && boundsWords(key.bounds) },
        { title: "ends", value: ({ key }) => key && ago(key.expires) },
        { title: "used", value: ({ key }) => (key?.lastUsedAt ? ago(key.lastUsedAt) : "") },
        { title: "", value: ({ account }) => (account.disabled ? "disabled" : "") },
      ],
      "There is no service account.",
    ),
  );
};
