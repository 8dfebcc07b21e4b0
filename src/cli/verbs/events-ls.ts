import type { ApiClient } from "../../client/api-client.js";
import { HoopError } from "../../vocabulary/index.js";
import { eventTypesFrom } from "../event-types.js";
import { text, type Verb } from "../invocation.js";
import { pages } from "../pages.js";
import { secondsFrom } from "../seconds-from.js";
import { ago, table } from "../table.js";
import { type EventView, gist } from "./event-lines.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const limit = Number(text(invocation, "limit") ?? "50");
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new HoopError("invalid", "--limit is a number from 1 to 10000");
  const api = await context.api();
  const types = new URLSearchParams();
  for (const type of await eventTypesFrom(api, text(invocation, "type"), context.signal)) types.append("type", type);
  const since = text(invocation, "since");
  const before = text(invocation, "before");
  const query = {
    subject: text(invocation, "subject"),
    connection: text(invocation, "connection"),
    session: text(invocation, "session"),
    since: since === undefined ? undefined : new Date(Date.now() - secondsFrom(since) * 1_000).toISOString(),
    before: before === undefined ? undefined : await positionOf(api, before, context.signal),
  };
  const items = await pages<EventView>(api, `/events?${types}`, query, limit, context.signal, "before");
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

/** Lists give ids; the log is in order of positions. */
async function positionOf(api: ApiClient, id: string, signal: AbortSignal): Promise<number> {
  return (await api.get<EventView>(`/events/${encodeURIComponent(id)}`, { signal })).position;
}
