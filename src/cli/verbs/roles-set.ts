import { HoopError } from "../../vocabulary/index.js";
import { text, texts, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const { signal } = context;
  const name = args[0]!;
  const [permissions, description] = [texts(invocation, "permission"), text(invocation, "description")];
  const change = {
    ...(permissions.length === 0 ? {} : { permissions }),
    ...(description === undefined ? {} : { description }),
  };
  if (Object.keys(change).length === 0)
    throw new HoopError("invalid", "nothing to set was given", { hint: "hoop roles set --help" });
  const api = await context.api();
  const { items } = await api.get<{ items: { name: string }[] }>("/roles", { signal });
  const there = items.some((role) => role.name === name.toLowerCase());
  const role = there
    ? await api.patch<object>(`/roles/${encodeURIComponent(name)}`, { body: change, signal })
    : await api.post<object>("/roles", { body: { name, permissions, ...change }, signal });
  context.out.result(role, () =>
    there ? `Changed ${name}; it counts at once.` : `Made ${name}. Give it: hoop roles grant ${name} --group …`,
  );
};
