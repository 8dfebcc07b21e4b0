import { sql } from "kysely";
import type { ReviewStore, StoredGrant } from "../../reviews/store.js";
import type { Db, Store } from "../store.js";
import { mapped } from "../store-error.js";
import { type GrantRow, grantColumns, grantFrom, storeNow } from "./rows.js";

type GrantWork = Pick<ReviewStore, "grant" | "grants" | "liveGrants" | "endGrant" | "endDueGrants">;

const inForce = sql`g.ended_at is null and g.until > ${storeNow}`;
/** All in force, on a very large deployment. */
const most = 100_000;

/** Grants on PostgreSQL. */
export function grantsOn({ db, changes }: Store): GrantWork {
  /** Every end is told to all replicas with its commit. */
  const end = (work: (trx: Db) => Promise<GrantRow[]>): Promise<StoredGrant[]> =>
    mapped(() =>
      db.transaction().execute(async (trx) => {
        const rows = await work(trx);
        if (rows.length > 0) await changes.publish("reviews", trx);
        return rows.map(grantFrom);
      }),
    );

  return {
    grant: (id) =>
      mapped(async () => {
        const { rows } = await sql<GrantRow>`select ${grantColumns} from grants g where g.id = ${id}`.execute(db);
        return rows[0] === undefined ? null : grantFrom(rows[0]);
      }),
    grants: ({ subject, live, before, limit }) =>
      mapped(async () => {
        const { rows } = await sql<GrantRow>`select ${grantColumns} from grants g
          where (${subject ?? null}::uuid is null or g.subject_id = ${subject ?? null})
            and (not ${live}::boolean or (${inForce}))
            and (${before?.id ?? null}::text is null or (g.since, g.id) < (${before === undefined ? null : new Date(before.since)}::timestamptz, ${before?.id ?? null}::text))
          order by g.since desc, g.id desc limit ${limit}`.execute(db);
        return rows.map(grantFrom);
      }),
    liveGrants: () =>
      mapped(async () => {
        const { rows } =
          await sql<GrantRow>`select ${grantColumns} from grants g where ${inForce} order by g.until limit ${most}`.execute(
            db,
          );
        const { rows: clock } = await sql<{ now: Date }>`select ${storeNow} as now`.execute(db);
        return { grants: rows.map(grantFrom), now: clock[0]!.now.getTime() };
      }),
    endGrant: async (id, by, why) => {
      const ended = await end(async (trx) => {
        const { rows } =
          await sql<GrantRow>`update grants g set ended_at = ${storeNow}, ended_by = ${by}, ended_why = ${why}
          where g.id = ${id} and ${inForce} returning ${grantColumns}`.execute(trx);
        return rows;
      });
      return ended[0] ?? null;
    },
    endDueGrants: () =>
      end(async (trx) => {
        const { rows } = await sql<GrantRow>`update grants g set ended_at = g.until, ended_why = 'over'
          where g.id in (select id from grants where ended_at is null and until <= ${storeNow} order by until limit 500 for update skip locked)
          returning ${grantColumns}`.execute(trx);
        return rows;
      }),
  };
}

/** Within the transaction that approves it. */
export async function insertGrant(trx: Db, grant: StoredGrant): Promise<void> {
  await sql`insert into grants (id, subject_id, subject_name, connection_ids, connection_names, effects, ticket, since, until)
    values (${grant.id}, ${grant.subject.id}, ${grant.subject.name}, ${grant.connections.map(({ id }) => id)}::uuid[],
      ${grant.connections.map(({ name }) => name)}::text[], ${[...grant.effects]}::text[], ${grant.ticket},
      ${new Date(grant.since)}, ${new Date(grant.until)})`.execute(trx);
}
