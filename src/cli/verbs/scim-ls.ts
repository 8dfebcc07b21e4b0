import type { Verb } from "../invocation.js";
import { table } from "../table.js";

interface Directory {
  readonly name: string;
  readonly enabled: boolean;
  readonly users: number;
  readonly groups: number;
  readonly groupPrefix: string;
  readonly provider: string | null;
  readonly mayFill: readonly string[];
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: Directory[] }>("/directories", { signal: context.signal });
  context.out.result(items, () =>
    table(items, [
      { title: "directory", value: (one) => one.name },
      { title: "users", value: (one) => one.users },
      { title: "groups", value: (one) => one.groups },
      { title: "prefix", value: (one) => one.groupPrefix },
      { title: "signs in at", value: (one) => one.provider },
      { title: "may fill", value: (one) => one.mayFill.join(", ") },
      { title: "", value: (one) => (one.enabled ? "" : "disabled") },
    ]),
  );
};
