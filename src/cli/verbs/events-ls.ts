import { text, type Verb } from "../invocation.js";
import { secondsFrom } from "../seconds-from.js";
import { ago, table } from "../table.js";
import { type EventView, gist } from "./event-lines.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const query = new URLSearchParams({ limit: text(invocation, "limit") ?? "50" });
  for (const type of (text(invocation, "type") ?? "").split(",")) if (type !== "") query.append("type", type.trim());
  for (const name of ["subject", "connection", "session"]) {
    const value = text(invocation, name);
    if (value !== undefined) query.set(name, value);
  }
  const since = text(invocation, "since");
  if (since !== undefined) query.set("since", new Date(Date.now() - secondsFrom(since) * 1_000).toISOString());
  const { items } = await (await context.api()).get<{ items: readonly EventView[] }>(`/events?${query}`, {
    signal: context.signal,
  });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "when", value: (e) => ago(e.at) },
        { title: "event", value: (e) => e.type },
        { title: "subject", value: (e) => e.subject?.name ?? "" },
        { title: "connection", value: (e) => e.connection ?? "" },
        { title: "what", value: gist },
        { title: "id", value: (e) => e.id },
      ],
      "Nothing of that kind has happened.",
    ),
  );
};
