import type { Verb } from "../invocation.js";
import { pages } from "../pages.js";
import { table } from "../table.js";

interface User {
  readonly name: string;
  readonly kind: string;
  readonly email: string | null;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly directory: string | null;
}

const maxUsers = 100_000;

export const run: Verb = async ({ context }) => {
  const users = await pages<User>(await context.api(), "/users", {}, maxUsers, context.signal);
  context.out.result(users, () =>
    table(users, [
      { title: "user", value: (u) => u.name },
      { title: "kind", value: (u) => u.kind },
      { title: "groups", value: (u) => u.groups.join(", ") },
      { title: "e-mail", value: (u) => u.email },
      { title: "from", value: (u) => u.directory ?? "here" },
      { title: "", value: (u) => (u.disabled ? "disabled" : "") },
    ]),
  );
};
