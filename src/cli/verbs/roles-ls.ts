import { text, type Verb } from "../invocation.js";
import { table } from "../table.js";

interface Role {
  readonly name: string;
  readonly description: string;
  readonly builtIn: boolean;
}
interface Binding {
  readonly role: string;
  readonly group: string | null;
  readonly user: { readonly name: string } | null;
  readonly scopeText: string;
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const { signal } = context;
  const api = await context.api();
  const user = text(invocation, "user");
  const { items: bindings } = await api.get<{ items: Binding[] }>("/role-bindings", { query: { user }, signal });
  if (user !== undefined)
    return context.out.result(bindings, () =>
      table(bindings, [{ title: "role", value: (one) => one.role }, ...columns]),
    );
  const { items: roles } = await api.get<{ items: Role[] }>("/roles", { signal });
  const shown = roles.map((role) => ({ ...role, bindings: bindings.filter((one) => one.role === role.name) }));
  context.out.result(shown, () =>
    table(
      shown.flatMap(({ name, description, builtIn, bindings: held }) =>
        (held.length === 0 ? [null] : held).map((binding, n) => ({
          name: n === 0 ? name : "",
          binding,
          description,
          builtIn,
        })),
      ),
      [
        { title: "role", value: (row) => row.name },
        { title: "held by", value: (row) => (row.binding === null ? "nobody" : columns[0].value(row.binding)) },
        { title: "on", value: (row) => row.binding?.scopeText },
        { title: "", value: (row) => (row.name === "" ? "" : row.description) },
      ],
    ),
  );
};

const columns = [
  { title: "held by", value: (one: Binding) => (one.group === null ? (one.user?.name ?? "") : `group ${one.group}`) },
  { title: "on", value: (one: Binding) => one.scopeText },
] as const;
