import { flag, type Verb } from "../invocation.js";
import { ago, table } from "../table.js";

interface Credential {
  readonly id: string;
  readonly user: string;
  readonly subject: { readonly name: string };
  readonly connection: string;
  readonly addresses: readonly string[];
  readonly expires: string;
  readonly lastUsed: string | null;
}

interface TargetUser {
  readonly name: string;
  readonly connection: string;
  readonly subject: string;
  readonly madeAt: string;
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const api = await context.api();
  if (flag(invocation, "users")) {
    const { items } = await api.get<{ items: readonly TargetUser[] }>("/credentials/users", { signal: context.signal });
    const columns = [
      { title: "user", value: (user: TargetUser) => user.name },
      { title: "connection", value: (user: TargetUser) => user.connection },
      { title: "for", value: (user: TargetUser) => user.subject },
      { title: "made", value: (user: TargetUser) => ago(user.madeAt) },
    ];
    return context.out.result(items, () => table(items, columns, "No user is at a target for a session."));
  }
  const mine = !flag(invocation, "all");
  const { items } = await api.get<{ items: readonly Credential[] }>(`/credentials?mine=${mine}`, {
    signal: context.signal,
  });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "id", value: (one) => one.id },
        { title: "connection", value: (one) => one.connection },
        { title: "person", value: (one) => one.subject.name },
        { title: "user", value: (one) => one.user },
        { title: "from", value: (one) => one.addresses.join(" ") || "anywhere" },
        { title: "used", value: (one) => ago(one.lastUsed) },
        { title: "ends", value: (one) => ago(one.expires) },
      ],
      "No password is good now: hoop credentials issue CONNECTION",
    ),
  );
};
