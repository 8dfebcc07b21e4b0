import { type RawBuilder, sql } from "kysely";
import type { Keep } from "../../events/index.js";
import { deleteInBatches } from "../delete-in-batches.js";
import type { Store } from "../store.js";
import { dropOldEvents } from "./drop-old-events.js";

/**
 * Deletes what is older than it is kept. Nothing that is still to be done goes, whatever its age, and nothing of the recording: the
 * audit's chain has its own copy of what became an event.
 */
export async function sweepEvents(store: Store, { events, deadLetters }: Keep, signal: AbortSignal): Promise<void> {
  const { db } = store;
  const before = (days: number) => sql`now() - ${days} * interval '1 day'`;
  const [old, long] = [before(events), before(Math.max(events, deadLetters))];

  /** `key` names a row of the table, which `which` chooses. */
  async function drop(table: string, key: string, which: RawBuilder<unknown>): Promise<void> {
    const [from, by] = [sql.table(table), sql.raw(key)];
    await deleteInBatches(signal, async (limit) => {
      const { numAffectedRows } = await sql`delete from ${from} where (${by}) in
        (select ${by} from ${from} t where ${which} limit ${limit} for update skip locked)`.execute(db);
      return Number(numAffectedRows);
    });
  }

  await dropOldEvents(store, events, signal);
  await drop(
    "event_sessions",
    "session",
    sql`t.at < ${old} and not exists (select from live_sessions l where l.id = t.session)`,
  );
  await drop("event_outbox", "n", sql`t.bad is not null and t.bad_at < ${long}`);
  await drop("reaction_windows", "rule, key", sql`t.until < now()`);
  await drop(
    "reaction_deliveries",
    "id",
    sql`t.state in ('done', 'dead') and t.ended_at < ${old} and (t.state = 'done' or t.ended_at < ${long})`,
  );
  // What a firing led to says nothing without it.
  await drop(
    "reaction_firings",
    "id",
    sql`t.at < ${old} and not exists (select from reaction_deliveries d where d.firing = t.id)`,
  );
  await drop("restraints", "id", sql`t.until < ${old}`);
}
