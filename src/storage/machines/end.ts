import { type RawBuilder, sql } from "kysely";
import type { Db } from "../store.js";

/** Ends machines' logins, `l` and `m`, and tells every replica which. */
export async function endMachineLogins(trx: Db, which: RawBuilder<unknown>, because: string): Promise<void> {
  await sql`update logins set ended_at = now(), ended_because = ${because}, ended_version = nextval('subject_versions')
    where ended_at is null and id in (select l.id from logins l left join machine_logins m on m.login_id = l.id where ${which})`.execute(
    trx,
  );
}

/** Ends delegations and every login under them; answers how many. */
export async function endDelegationsOf(trx: Db, which: RawBuilder<unknown>, because: string): Promise<number> {
  const { rows } = await sql<{ id: string }>`update delegations set ended_at = now(), ended_because = ${because}
    where ended_at is null and ${which} returning id`.execute(trx);
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  await endMachineLogins(trx, sql`m.delegation_id = any(${ids}::uuid[])`, because);
  return rows.length;
}
