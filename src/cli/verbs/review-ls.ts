import { HoopError } from "../../vocabulary/index.js";
import { flag, text, type Verb } from "../invocation.js";
import { pages } from "../pages.js";
import type { ReviewSummary } from "../reviews/review.js";
import { ago, table } from "../table.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const limit = Number(text(invocation, "limit") ?? "50");
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new HoopError("invalid", "--limit is a number from 1 to 10000");
  if (flag(invocation, "mine") && flag(invocation, "all"))
    throw new HoopError("invalid", "--mine and --all do not go together");
  const view = flag(invocation, "mine") ? "mine" : flag(invocation, "all") ? "all" : "decide";
  const query = { view, state: text(invocation, "state"), connection: text(invocation, "connection") };
  const items = await pages<ReviewSummary>(await context.api(), "/reviews", query, limit, context.signal);
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "review", value: (one) => one.id },
        { title: "who", value: (one) => one.requester.name },
        { title: "on", value: (one) => one.connections.join(", ") },
        { title: "asked", value: (one) => ago(one.openedAt) },
        {
          title: "state",
          value: (one) =>
            `${one.state}${one.breakGlass ? " BREAK-GLASS" : one.escalated && one.state === "pending" ? " (escalated)" : ""}`,
        },
        { title: "missing", value: (one) => one.missing },
        { title: "what", value: (one) => (one.preview.length > 60 ? `${one.preview.slice(0, 60)}…` : one.preview) },
      ],
      view === "decide" ? "Nothing waits for your word." : "There is no such review.",
    ),
  );
};
