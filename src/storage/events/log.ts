import { sql } from "kysely";
import type { EventFilter, EventLog, HoopEvent } from "../../events/index.js";
import type { Store } from "../store.js";
import { mapped } from "../store-error.js";
import { eventFromRow, type LogRow } from "./rows.js";

const longestPage = 1_000;

/** The log of events, for those who follow it. */
export function eventLogOn({ db, changes }: Store): EventLog {
  return {
    after: (position, limit) =>
      mapped(async () => {
        const { rows } = await sql<LogRow>`select position, body from event_log where position > ${position}
          order by position limit ${Math.min(limit, longestPage)}`.execute(db);
        return rows.map(eventFromRow);
      }),
    newest: () =>
      mapped(async () => {
        const { rows } = await sql<{ position: string }>`select position from event_head`.execute(db);
        return Number(rows[0]!.position);
      }),
    oldest: () =>
      mapped(async () => {
        // What is never deleted is older than what is; it does not count.
        const { rows } = await sql<{ position: string }>`select coalesce(
          (select min(position) from event_log where type <> 'sensitive.seen'),
          (select position + 1 from event_head)) as position`.execute(db);
        return Number(rows[0]!.position);
      }),
    watch: (listener) => changes.watch("event-log", listener),
  };
}

/** Newest first. */
export function listEvents(
  { db }: Store,
  filter: EventFilter,
  before: number | null,
  limit: number,
): Promise<readonly HoopEvent[]> {
  return mapped(async () => {
    const { types, subject, connection, session, since, until } = filter;
    const { rows } = await sql<LogRow>`select position, body from event_log
      where (${before}::bigint is null or position < ${before})
        and (${types === undefined ? null : [...types]}::text[] is null or type = any(${types === undefined ? null : [...types]}::text[]))
        and (${subject ?? null}::text is null or subject_id = ${subject ?? null} or subject_name = ${subject ?? null})
        and (${connection ?? null}::text is null or connection = ${connection ?? null})
        and (${session ?? null}::uuid is null or session = ${session ?? null}::uuid)
        and (${since ?? null}::timestamptz is null or at >= ${since ?? null})
        and (${until ?? null}::timestamptz is null or at < ${until ?? null})
      order by position desc limit ${Math.min(limit, longestPage)}`.execute(db);
    return rows.map(eventFromRow);
  });
}
