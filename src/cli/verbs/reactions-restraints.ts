import type { Verb } from "../invocation.js";
import { ago, table } from "../table.js";

interface Restraint {
  readonly id: string;
  readonly kind: string;
  readonly rule: string;
  readonly session: string | null;
  readonly subject: string | null;
  readonly until: string;
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: readonly Restraint[] }>("/reactions/restraints", {
    signal: context.signal,
  });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "what", value: (r) => r.kind },
        { title: "by", value: (r) => r.rule },
        { title: "session", value: (r) => r.session ?? "" },
        { title: "subject", value: (r) => r.subject ?? "" },
        { title: "ends", value: (r) => ago(r.until) },
        { title: "id", value: (r) => r.id },
      ],
      "Nothing is imposed on anybody.",
    ),
  );
};
