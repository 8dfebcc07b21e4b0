import { sql } from "kysely";
import { eventId, exporterLost } from "../../events/index.js";
import { deleteInBatches } from "../delete-in-batches.js";
import type { Store } from "../store.js";
import { writeEvents } from "./write.js";

/**
 * Deletes what is older than events are kept, a bounded number at a time. Of what an exporter had not read yet there is an event for it,
 * in the transaction that deletes it.
 */
export async function dropOldEvents({ db, changes }: Store, keepDays: number, signal: AbortSignal): Promise<void> {
  await deleteInBatches(signal, (limit) =>
    db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ name: string | null; events: string; newest: string; deleted: string }>`
        with old as (
          delete from event_log where position in (
            select position from event_log where at < now() - ${keepDays} * interval '1 day' and type <> 'sensitive.seen'
            order by at limit ${limit} for update skip locked)
          returning position
        ), missed as (
          select e.name, count(*) as events, max(old.position) as newest from exporters e
            join old on old.position > (e.cursor->>'events')::bigint
            where e.enabled and e.sources ? 'events' group by e.name
        )
        select name, events, newest, deleted from (select count(*) as deleted from old) as all_of_them left join missed on true`.execute(
        trx,
      );
      await writeEvents(
        changes,
        trx,
        rows.flatMap(({ name, events, newest }) =>
          name === null
            ? []
            : [
                exporterLost.draft({
                  id: eventId(exporterLost.type, name, newest),
                  ...{ at: Date.now(), subject: null, connection: null, session: null, cause: [] },
                  data: { exporter: name, events: Number(events) },
                }),
              ],
        ),
      );
      return Number(rows[0]!.deleted);
    }),
  );
}
