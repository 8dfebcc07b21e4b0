import { setTimeout as sleep } from "node:timers/promises";
import { HoopError } from "../../vocabulary/index.js";
import { eventTypesFrom } from "../event-types.js";
import { text, type Verb } from "../invocation.js";
import { type EventView, gist } from "./event-lines.js";

/** Follows the log until it is interrupted; a gateway that is away for a while costs nothing. */
export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const { out, signal } = context;
  const api = await context.api();
  const wanted = new Set(await eventTypesFrom(api, text(invocation, "type"), signal));
  let after: number | undefined;
  out.say("waiting for events; Ctrl-C leaves");
  while (!signal.aborted) {
    try {
      const query = new URLSearchParams({ waitSeconds: after === undefined ? "0" : "25" });
      if (after !== undefined) query.set("after", String(after));
      const page = await api.get<{ items: readonly EventView[]; position: number }>(`/events/tail?${query}`, {
        signal,
      });
      after = page.position;
      for (const event of page.items) {
        if (wanted.size > 0 && !wanted.has(event.type)) continue;
        if (out.json) out.event(event);
        else
          out.raw(
            `${event.at}  ${event.type}  ${event.subject?.name ?? "-"}  ${event.connection ?? "-"}  ${gist(event)}\n`,
          );
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof HoopError) || !["unavailable", "timeout"].includes(error.code)) throw error;
      await sleep(1_000, undefined, { signal }).catch(() => {});
    }
  }
};
