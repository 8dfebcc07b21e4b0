import { sql } from "kysely";
import type { SubjectId } from "../../vocabulary/index.js";
import { forgetSecondFactor } from "../second-factor/enrolled.js";
import type { Db, Store } from "../store.js";
import { endLoginsOf, setGroups } from "./subjects.js";

/** Removes a subject with all that it had open and was given; its row stays for the audit. False: there is none. */
export async function removeSubjectRow(trx: Db, changes: Store["changes"], id: SubjectId): Promise<boolean> {
  await changes.publish("freshness", trx);
  const { rows } =
    await sql`update subjects set removed_at = now(), password_hash = null, version = nextval('subject_versions')
    where id = ${id} and removed_at is null returning id`.execute(trx);
  if (rows.length === 0) return false;
  await setGroups(trx, id, []);
  await sql`delete from role_bindings where subject_id = ${id}`.execute(trx);
  await sql`delete from directory_people where subject_id = ${id}`.execute(trx);
  await sql`delete from factors where subject_id = ${id}`.execute(trx);
  await forgetSecondFactor(trx, id);
  await endLoginsOf(trx, id, "removed", null);
  return true;
}
