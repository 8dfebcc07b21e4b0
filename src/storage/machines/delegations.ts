import { sql } from "kysely";
import type { BoundTerms, StoredDelegation } from "../../identity/machines/store.js";
import type { SubjectId } from "../../vocabulary/index.js";
import { oneSubject } from "../identity/subjects.js";
import type { Db } from "../store.js";

interface DelegationRow {
  id: string;
  machine_id: SubjectId;
  person_id: SubjectId;
  bounds: BoundTerms;
  created_at: Date;
  expires_at: Date;
  ended_at: Date | null;
  ended_because: string | null;
}

const columns = sql.raw(
  "d.id, d.machine_id, d.person_id, d.bounds, d.created_at, d.expires_at, d.ended_at, d.ended_because",
);

/** Null also when machine or person was removed. */
export async function oneDelegation(db: Db, id: string): Promise<StoredDelegation | null> {
  const { rows } = await sql<DelegationRow>`select ${columns} from delegations d where d.id = ${id}`.execute(db);
  return rows[0] === undefined ? null : whole(db, rows[0]);
}

export async function someDelegations(
  db: Db,
  of: { readonly person?: SubjectId | undefined; readonly machine?: SubjectId | undefined },
): Promise<readonly StoredDelegation[]> {
  const { rows } = await sql<DelegationRow>`select ${columns} from delegations d
    where (${of.person ?? null}::uuid is null or d.person_id = ${of.person ?? null})
      and (${of.machine ?? null}::uuid is null or d.machine_id = ${of.machine ?? null})
      and coalesce(d.ended_at, d.expires_at) > now() - interval '7 days'
    order by d.ended_at is not null, d.created_at desc limit 200`.execute(db);
  const found: StoredDelegation[] = [];
  for (const row of rows) {
    const one = await whole(db, row);
    if (one !== null) found.push(one);
  }
  return found;
}

async function whole(db: Db, row: DelegationRow): Promise<StoredDelegation | null> {
  const machine = await oneSubject(db, { id: row.machine_id });
  const person = await oneSubject(db, { id: row.person_id });
  if (machine === null || person === null) return null;
  return {
    id: row.id,
    machine,
    person,
    bounds: row.bounds,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ended: row.ended_at === null ? null : { at: row.ended_at, because: row.ended_because ?? "" },
  };
}
