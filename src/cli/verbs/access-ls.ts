import { HoopError } from "../../vocabulary/index.js";
import { flag, text, type Verb } from "../invocation.js";
import { pages } from "../pages.js";
import { ago, table } from "../table.js";

interface Grant {
  readonly id: string;
  readonly subject: { readonly name: string };
  readonly connections: readonly string[];
  readonly effects: readonly string[];
  readonly ticket: string | null;
  readonly until: string;
  readonly ended: {
    readonly at: string;
    readonly by: string | null;
    readonly why: "over" | "revoked" | "returned";
  } | null;
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const limit = Number(text(invocation, "limit") ?? "50");
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new HoopError("invalid", "--limit is a number from 1 to 10000");
  const all = flag(invocation, "all");
  const query = { view: all ? "all" : "mine", live: !flag(invocation, "ended") };
  const items = await pages<Grant>(await context.api(), "/grants", query, limit, context.signal);
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "grant", value: (one) => one.id },
        ...(all ? [{ title: "user", value: (one: Grant) => one.subject.name }] : []),
        { title: "connections", value: (one) => one.connections.join(", ") },
        { title: "may", value: (one) => one.effects.join(", ") },
        { title: "ticket", value: (one) => one.ticket },
        { title: "ends", value: (one) => (one.ended === null ? ago(one.until) : endWords(one.ended)) },
      ],
      "No access is granted for a time.",
    ),
  );
};

function endWords({ at, by, why }: NonNullable<Grant["ended"]>): string {
  if (why === "over") return `over ${ago(at)}`;
  return why === "returned" ? `given back ${ago(at)}` : `revoked by ${by ?? "somebody"} ${ago(at)}`;
}
