import type { Verb } from "../invocation.js";
import { table } from "../table.js";

interface Group {
  readonly name: string;
  readonly description: string;
  readonly members: number;
  readonly directory: string | null;
  readonly roles: readonly string[];
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: Group[] }>("/groups", { signal: context.signal });
  context.out.result(items, () =>
    table(items, [
      { title: "group", value: (group) => group.name },
      { title: "members", value: (group) => group.members },
      { title: "from", value: (group) => group.directory ?? "here" },
      { title: "roles", value: (group) => group.roles.join(", ") },
      { title: "", value: (group) => group.description },
    ]),
  );
};
