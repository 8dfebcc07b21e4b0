import type { Verb } from "../invocation.js";
import { facts, table } from "../table.js";

interface Role {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
  readonly builtIn: boolean;
  readonly version: number;
}
interface Permission {
  readonly name: string;
  readonly text: string;
  readonly byLabels: boolean;
}

export const run: Verb = async ({ context, args }) => {
  const { signal } = context;
  const api = await context.api();
  const { items } = await api.get<{ items: Permission[] }>("/permissions", { signal });
  const [name] = args;
  const role = name === undefined ? null : await api.get<Role>(`/roles/${encodeURIComponent(name)}`, { signal });
  const shown = role === null ? items : items.filter((one) => role.permissions.includes(one.name));
  context.out.result(role ?? items, () =>
    [
      ...(role === null
        ? []
        : [
            facts([
              ["role", role.name],
              ["what", role.description],
              ["kind", role.builtIn ? "comes with Hoop" : `your own, version ${role.version}`],
            ]),
            "",
          ]),
      table(
        shown,
        [
          { title: "permission", value: (one) => one.name },
          { title: "by labels", value: (one) => (one.byLabels ? "yes" : "") },
          { title: "lets", value: (one) => one.text },
        ],
        "no permission: it guards nothing",
      ),
    ].join("\n"),
  );
};
