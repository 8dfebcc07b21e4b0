import { sql } from "kysely";
import type { StoredSubject } from "../../identity/store.js";
import { HoopError, type SubjectId } from "../../vocabulary/index.js";
import { endDelegationsOf } from "../machines/end.js";
import type { Db } from "../store.js";
import { type SubjectRow, subjectColumns, subjectFromRow } from "./rows.js";

const canAdminister = sql.raw(`exists (
  select from subjects s join role_bindings b on b.role = 'admin' and b.scope is null and (b.subject_id = s.id
    or b.group_name in (select m.group_name from subject_group_members m where m.subject_id = s.id))
  where s.removed_at is null and s.disabled_at is null and s.kind = 'person')`);

export async function oneSubject(
  db: Db,
  by: { readonly id: SubjectId } | { readonly name: string },
): Promise<StoredSubject | null> {
  const match = "id" in by ? sql`s.id = ${by.id}` : sql`s.name = ${by.name}`;
  const { rows } =
    await sql<SubjectRow>`select ${subjectColumns} from subjects s where ${match} and s.removed_at is null`.execute(db);
  return rows[0] === undefined ? null : subjectFromRow(rows[0]);
}

export async function insertSubject(
  trx: Db,
  draft: Pick<StoredSubject, "id" | "kind" | "name" | "email" | "groups" | "passwordHash">,
): Promise<StoredSubject> {
  const { rows } = await sql`insert into subjects (id, kind, name, email, password_hash)
    values (${draft.id}, ${draft.kind}, ${draft.name}, ${draft.email}, ${draft.passwordHash})
    on conflict (name) where removed_at is null do nothing returning id`.execute(trx);
  if (rows.length === 0) throw new HoopError("conflict", `there is a user ${draft.name} already`);
  await setGroups(trx, draft.id, draft.groups);
  return (await oneSubject(trx, { id: draft.id }))!;
}

export async function setGroups(trx: Db, id: SubjectId, groups: readonly string[]): Promise<void> {
  await sql`delete from subject_group_members where subject_id = ${id}`.execute(trx);
  if (groups.length === 0) return;
  const { rows } = await sql<{
    name: string;
  }>`select name from subject_groups where name = any(${[...groups]}::text[])`.execute(trx);
  const missing = groups.filter((group) => !rows.some((row) => row.name === group));
  if (missing.length > 0)
    throw new HoopError("invalid", `there is no group ${missing.join(", ")}`, { hint: "create the group first" });
  await sql`insert into subject_group_members (subject_id, group_name)
    select ${id}::uuid, name from unnest(${[...groups]}::text[]) as name on conflict do nothing`.execute(trx);
}

export async function endLoginsOf(trx: Db, subject: SubjectId, because: string, except: string | null): Promise<void> {
  // A key outlives that its machine is switched off, and is refused meanwhile; with the machine itself it goes.
  await sql`update logins set ended_at = now(), ended_because = ${because}, ended_version = nextval('subject_versions')
    where subject_id = ${subject} and ended_at is null and id is distinct from ${except}::uuid
      and (kind <> 'key' or ${because === "removed"})`.execute(trx);
  await endDelegationsOf(trx, sql`${subject} in (person_id, machine_id)`, because);
}

export async function anAdminExists(db: Db): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`select ${canAdminister} as there`.execute(db);
  return rows[0]!.there;
}

export async function keepAnAdmin(trx: Db): Promise<void> {
  if (await anAdminExists(trx)) return;
  throw new HoopError("conflict", "that would leave no admin who can sign in", {
    hint: "make somebody else an admin first",
  });
}

/** Throws where a directory has switched the user off: only the directory switches them on again. */
export async function notSwitchedOff(trx: Db, id: SubjectId): Promise<void> {
  const { rows } = await sql<{
    name: string;
  }>`select d.name from directory_people p join directories d on d.id = p.directory_id
    where p.subject_id = ${id} and not p.active`.execute(trx);
  if (rows[0] === undefined) return;
  throw new HoopError("conflict", `the directory ${rows[0].name} has switched this user off`, {
    hint: "switch them on there",
  });
}

/**
 * Whom a directory has removed nobody makes again but the directory, or somebody here who means it: a sign-in at a provider
 * that has not heard of it does not. Throws HoopError `denied`.
 */
export async function mayComeBack(trx: Db, name: string, meant: boolean): Promise<void> {
  if (meant) {
    await sql`delete from directory_departed where name = ${name}`.execute(trx);
    return;
  }
  const { rows } = await sql`select from directory_departed where name = ${name}`.execute(trx);
  if (rows.length > 0)
    throw new HoopError("denied", `${name} was removed by their directory`, {
      hint: "provision them again, or ask an admin",
    });
}
