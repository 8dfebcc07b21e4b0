import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";
import { labelScope, scopeKey } from "../label-scope.js";

interface Binding {
  readonly id: string;
  readonly role: string;
  readonly group: string | null;
  readonly user: { readonly id: string; readonly name: string } | null;
  readonly scope: Readonly<Record<string, readonly string[]>> | null;
  readonly scopeText: string;
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const { signal } = context;
  const [group, user] = [text(invocation, "group")?.toLowerCase(), text(invocation, "user")?.toLowerCase()];
  if ((group === undefined) === (user === undefined)) throw new HoopError("invalid", "say --group or --user");
  const key = scopeKey(labelScope(text(invocation, "on")));
  const api = await context.api();
  const { items } = await api.get<{ items: Binding[] }>("/role-bindings", {
    query: { role: args[0]!.toLowerCase() },
    signal,
  });
  const held = items.filter((one) =>
    group === undefined ? one.user?.name === user || one.user?.id === user : one.group === group,
  );
  const found = held.find((one) => scopeKey(one.scope) === key);
  if (found === undefined)
    throw new HoopError("not-found", `${group ?? user} does not have ${args[0]} so`, {
      hint: held.length > 0 ? `say --on ${held.map((one) => one.scopeText).join(" or ")}` : "hoop roles ls",
    });
  await api.delete(`/role-bindings/${found.id}`, { signal });
  context.out.result({ revoked: found.id }, () => `${group ?? user} has ${args[0]} no more.`);
};
