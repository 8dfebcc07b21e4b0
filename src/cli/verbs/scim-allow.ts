import { flag, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const { signal } = context;
  const [name = "", given = ""] = args;
  const group = given.toLowerCase();
  const api = await context.api();
  const { items } = await api.get<{ items: { name: string; mayFill: string[] }[] }>("/directories", { signal });
  const before = items.find((one) => one.name === name.toLowerCase())?.mayFill ?? [];
  const not = flag(invocation, "not");
  const mayFill = not ? before.filter((one) => one !== group) : [...new Set([...before, group])];
  const changed = await api.patch<object>(`/directories/${encodeURIComponent(name)}`, { body: { mayFill }, signal });
  context.out.result(changed, () =>
    not
      ? `${name} may not put people into ${group} while it carries a role.`
      : `${name} may put people into ${group}, whatever role it carries.`,
  );
};
