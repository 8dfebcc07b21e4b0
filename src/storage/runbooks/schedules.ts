import { sql } from "kysely";
import type { RunbookStore } from "../../runbooks/store.js";
import type { Store } from "../store.js";
import { mapped } from "../store-error.js";

type Schedules = Pick<RunbookStore, "putSchedules" | "due" | "advance" | "now">;

/** When each schedule comes next. */
export function createSchedules({ db }: Store): Schedules {
  return {
    putSchedules: (schedules) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const given = JSON.stringify(schedules.map(({ next, ...one }) => ({ ...one, next_at: next.toISOString() })));
          // Two replicas plan alike, one after the other.
          await sql`lock table runbook_schedules in share row exclusive mode`.execute(trx);
          await sql`delete from runbook_schedules s where not exists (
            select from jsonb_to_recordset(${given}::jsonb) as r(runbook text, n integer) where r.runbook = s.runbook and r.n = s.n)`.execute(
            trx,
          );
          await sql`insert into runbook_schedules (runbook, n, fingerprint, next_at)
            select runbook, n, fingerprint, next_at
              from jsonb_to_recordset(${given}::jsonb) as r(runbook text, n integer, fingerprint text, next_at timestamptz)
            on conflict (runbook, n) do update set fingerprint = excluded.fingerprint, next_at = excluded.next_at
              where runbook_schedules.fingerprint <> excluded.fingerprint`.execute(trx);
        }),
      ),
    due: (limit) =>
      mapped(async () => {
        const { rows } = await sql<{ runbook: string; n: number; at: Date }>`select runbook, n, next_at as at
          from runbook_schedules where next_at <= now() order by next_at limit ${limit}`.execute(db);
        return rows;
      }),
    advance: ({ runbook, n, at }, next) =>
      mapped(async () => {
        const { rows } =
          next === null
            ? await sql`delete from runbook_schedules where runbook = ${runbook} and n = ${n} and date_trunc('milliseconds', next_at) = ${at}::timestamptz returning n`.execute(
                db,
              )
            : await sql`update runbook_schedules set next_at = ${next}::timestamptz
                where runbook = ${runbook} and n = ${n} and date_trunc('milliseconds', next_at) = ${at}::timestamptz returning n`.execute(
                db,
              );
        return rows.length > 0;
      }),
    now: () =>
      mapped(async () => {
        const { rows } = await sql<{ now: Date }>`select now() as now`.execute(db);
        return rows[0]!.now;
      }),
  };
}
