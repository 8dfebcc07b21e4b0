import { sql } from "kysely";
import { eventId, exporterLost } from "../../events/index.js";
import type { Store } from "../store.js";
import { writeEvents } from "./write.js";

/** Deletes what is older than events are kept. Of what an exporter had not read yet there is an event for it, in the same transaction. */
export async function dropOldEvents({ db, changes }: Store, keepDays: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ name: string; events: string; newest: string }>`
      with old as (
        delete from event_log where at < now() - ${keepDays} * interval '1 day' and type <> 'sensitive.seen' returning position
      )
      select e.name, count(*) as events, max(old.position) as newest from exporters e
        join old on old.position > (e.cursor->>'events')::bigint
        where e.enabled and e.sources ? 'events' group by e.name`.execute(trx);
    await writeEvents(
      changes,
      trx,
      rows.map(({ name, events, newest }) =>
        exporterLost.draft({
          id: eventId(exporterLost.type, name, newest),
          ...{ at: Date.now(), subject: null, connection: null, session: null, cause: [] },
          data: { exporter: name, events: Number(events) },
        }),
      ),
    );
  });
}
