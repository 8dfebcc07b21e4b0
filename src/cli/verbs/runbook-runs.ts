import { HoopError } from "../../vocabulary/index.js";
import { flag, text, type Verb } from "../invocation.js";
import { pages } from "../pages.js";
import { type RunDetail, type RunView, runText } from "../runbooks/runbook.js";
import { ago, table } from "../table.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  if (args[0] !== undefined) {
    const found = await api.get<RunDetail>(`/runs/${encodeURIComponent(args[0])}`, { signal: context.signal });
    return context.out.result(found, () => runText(found));
  }
  const limit = Number(text(invocation, "limit") ?? "30");
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new HoopError("invalid", "--limit is a number from 1 to 10000");
  const query = {
    runbook: text(invocation, "runbook"),
    state: text(invocation, "state"),
    all: flag(invocation, "all") ? "true" : "false",
  };
  const items = await pages<RunView>(api, "/runs", query, limit, context.signal);
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "run", value: (one) => one.id },
        { title: "runbook", value: (one) => one.runbook },
        { title: "state", value: (one) => one.state },
        { title: "asked by", value: (one) => one.askedBy.name },
        { title: "because", value: (one) => one.origin },
        { title: "began", value: (one) => ago(one.createdAt) },
        { title: "review", value: (one) => one.review },
        { title: "error", value: (one) => one.error },
      ],
      "There is no such run.",
    ),
  );
};
