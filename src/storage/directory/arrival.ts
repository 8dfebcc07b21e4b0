import { sql } from "kysely";
import type { Newcomer } from "../../identity/providers/store.js";
import type { StoredSubject } from "../../identity/store.js";
import { HoopError, subjectId } from "../../vocabulary/index.js";
import { oneSubject } from "../identity/subjects.js";
import type { Db } from "../store.js";

/**
 * Whom of a directory a provider vouches for, where the directory says that its people sign in there; null: nobody of any.
 * Throws HoopError `denied` for somebody whom a directory has removed, and for one of a directory that does not sign in there:
 * neither becomes a second user whom no directory can switch off.
 */
export async function provisionedFor(
  trx: Db,
  { provider, providerName, externalId, names }: Pick<Newcomer, "provider" | "providerName" | "externalId" | "names">,
): Promise<StoredSubject | null> {
  const wanted = names.map((name) => name.normalize("NFC").toLowerCase());
  const { rows: found } = await sql<{ id: string }>`select p.subject_id as id
    from directory_people p join directories d on d.id = p.directory_id
    where d.provider in (${provider}, ${providerName})
      and case d.match_by when 'externalId' then p.external_id = ${externalId} else lower(p.user_name) = ${wanted[0] ?? ""} end
    limit 2`.execute(trx);
  if (found.length === 1) return oneSubject(trx, { id: subjectId(found[0]!.id) });
  const { rows: known } = await sql<{ directory: string }>`select d.name as directory
    from directory_people p join directories d on d.id = p.directory_id where lower(p.user_name) = any(${wanted}::text[]) limit 1`.execute(
    trx,
  );
  if (known[0] !== undefined)
    throw new HoopError("denied", `you belong to the directory ${known[0].directory}, which does not sign in here`, {
      hint: "an admin says where its people sign in: hoop scim edit, or links you: hoop providers link",
    });
  const { rows: gone } = await sql`select from directory_departed where name = any(${wanted}::text[])
    or subject_id = (select subject_id from identity_links where provider_id = ${provider} and external_id = ${externalId})`.execute(
    trx,
  );
  if (gone.length > 0) throw new HoopError("denied", "you were removed by your directory", { hint: "ask an admin" });
  return null;
}
