import { sql } from "kysely";
import type { Cause, EventStore, NewRestraint, Restraint } from "../../events/index.js";
import type { Db, Store } from "../store.js";
import { mapped } from "../store-error.js";

interface RestraintRow {
  readonly id: string;
  readonly kind: Restraint["kind"];
  readonly rule: string;
  readonly firing: string;
  readonly session: string | null;
  readonly subject_id: string | null;
  readonly terms: string;
  readonly cause: string;
  readonly since: Date;
  readonly until: Date;
  readonly ended_at: Date | null;
  readonly ended_by: string | null;
}

const columns = sql.raw("id, kind, rule, firing, session, subject_id, terms, cause, since, until, ended_at, ended_by");

/** What is there already, by its id, stays as it is: one that somebody lifted is not imposed again. */
export async function insertRestraints(trx: Db, restraints: readonly NewRestraint[]): Promise<void> {
  for (const { id, kind, rule, firing, session, subject, terms, cause, forMs } of restraints)
    await sql`insert into restraints (id, kind, rule, firing, session, subject_id, terms, cause, until)
      values (${id}, ${kind}, ${rule}, ${firing}, ${session}, ${subject}, ${JSON.stringify(terms)}, ${JSON.stringify(cause)},
        now() + ${forMs} * interval '1 millisecond') on conflict (id) do nothing`.execute(trx);
}

export function restraintsOn({ db, changes }: Store): Pick<EventStore, "restraints" | "impose" | "lift" | "liftOf"> {
  return {
    restraints: () =>
      mapped(async () => {
        const { rows } = await sql<RestraintRow>`select ${columns} from restraints
          where (ended_at is null and until > now() - interval '10 minutes') or ended_at > now() - interval '10 minutes'
          order by since`.execute(db);
        return rows.map(restraintFromRow);
      }),
    impose: (restraints) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          await insertRestraints(trx, restraints);
          await changes.publish("reactions", trx);
        }),
      ),
    lift: (id, by) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql<RestraintRow>`update restraints set ended_at = now(), ended_by = ${by}
            where id = ${id} and ended_at is null and until > now() returning ${columns}`.execute(trx);
          if (rows[0] === undefined) return null;
          await changes.publish("reactions", trx);
          return restraintFromRow(rows[0]);
        }),
      ),
    liftOf: (firing, by) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql`update restraints set ended_at = now(), ended_by = ${by}
            where firing = ${firing} and ended_at is null and until > now() returning id`.execute(trx);
          await changes.publish("reactions", trx);
          return rows.length;
        }),
      ),
  };
}

function restraintFromRow(row: RestraintRow): Restraint {
  return {
    id: row.id,
    kind: row.kind,
    rule: row.rule,
    firing: row.firing,
    session: row.session,
    subject: row.subject_id,
    terms: JSON.parse(row.terms) as Record<string, unknown>,
    cause: JSON.parse(row.cause) as Cause[],
    since: row.since.getTime(),
    until: row.until.getTime(),
    ended: row.ended_at === null ? null : { at: row.ended_at.getTime(), by: row.ended_by ?? "hoop" },
  };
}
