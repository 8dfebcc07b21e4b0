import { sql } from "kysely";
import {
  agentDown,
  agentUp,
  type EventDraft,
  type EventStore,
  eventId,
  gatewayDegraded,
  short,
} from "../../events/index.js";
import type { Db, Store } from "../store.js";
import { mapped } from "../store-error.js";
import { writeEvents } from "./write.js";

const nobody = { subject: null, connection: null, session: null, cause: [] } as const;
const gone = "it went away without being stopped";

/**
 * Keeps in mind which agents gateways have, in the transaction that brings their entries. Answers the events that are to be written:
 * the end of what was noticed missing already is not told a second time.
 */
export async function followAgents(trx: Db, events: readonly EventDraft[]): Promise<readonly EventDraft[]> {
  const written: EventDraft[] = [];
  for (const event of events) {
    const { agent, replica } = event.data as { readonly agent: string; readonly replica: string };
    if (event.type === agentUp.type) {
      await sql`insert into event_agents (replica, agent, up) values (${replica}, ${agent}, ${event.id})
        on conflict (replica, agent) do update set up = excluded.up`.execute(trx);
    } else if (event.type === agentDown.type) {
      const { rows } =
        await sql`delete from event_agents where replica = ${replica} and agent = ${agent} returning up`.execute(trx);
      if (rows.length === 0) continue;
    }
    written.push(event);
  }
  return written;
}

type Presence = Pick<EventStore, "beat" | "leave" | "noticeGone">;

/** Gateways say that they are there; who says nothing for too long is told of by another. */
export function presenceOn({ db, changes }: Store): Presence {
  return {
    beat: (replica) =>
      mapped(async () => {
        const { rows } = await sql<{
          made: boolean;
        }>`insert into event_gateways (replica, seen_at) values (${replica}, now())
          on conflict (replica) do update set seen_at = now() returning xmax = 0 as made`.execute(db);
        return { known: rows[0]?.made === false };
      }),
    leave: (replica) =>
      mapped(async () => {
        await sql`delete from event_gateways where replica = ${replica}`.execute(db);
      }),
    noticeGone: (lostMs) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows: gateways } = await sql<{ replica: string; seen: Date }>`
            with lost as (
              select replica from event_gateways where seen_at < now() - ${lostMs} * interval '1 millisecond' for update skip locked
            )
            delete from event_gateways g using lost where g.replica = lost.replica
              returning g.replica, g.seen_at as seen`.execute(trx);
          const { rows: agents } = await sql<{ replica: string; agent: string; up: string }>`
            delete from event_agents a where not exists (select from event_gateways g where g.replica = a.replica)
              returning replica, agent, up`.execute(trx);
          const at = Date.now();
          await writeEvents(changes, trx, [
            ...agents.map(({ replica, agent, up }) =>
              agentDown.draft({ id: eventId(agentDown.type, up), at, ...nobody, data: { agent, replica } }),
            ),
            ...gateways.map(({ replica, seen }) =>
              gatewayDegraded.draft({
                // It may come back, and go again.
                id: eventId(gatewayDegraded.type, replica, String(seen.getTime())),
                ...{ at, ...nobody, data: { replica, reasons: [short(gone)] } },
              }),
            ),
          ]);
          return gateways.length + agents.length;
        }),
      ),
  };
}
