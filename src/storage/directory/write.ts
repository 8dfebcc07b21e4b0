import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import {
  type Directory,
  type DirectoryWrite,
  type MemberStep,
  type MembersMoved,
  type Person,
  type ProvisionedTeam,
  refused,
  type TeamMember,
} from "../../identity/directory/index.js";
import { HoopError, type SubjectId, subjectId } from "../../vocabulary/index.js";
import { removeSubjectRow } from "../identity/remove-subject.js";
import { endLoginsOf, insertSubject } from "../identity/subjects.js";
import { standingOn } from "../roles.js";
import type { Db, Store } from "../store.js";
import { onePerson, oneTeam } from "./rows.js";

/** What one directory does in one transaction. Subjects that lose or gain something get a new version: open lanes follow it. */
export async function directoryWrite(
  trx: Db,
  changes: Store["changes"],
  directory: Directory,
): Promise<DirectoryWrite> {
  const person = async (id: string) => onePerson(trx, directory.id, id);
  const present = async (id: string) => (await person(id))!;

  async function settle(id: SubjectId, { active }: Person): Promise<void> {
    const { rows } = await sql<{ ended: boolean }>`update subjects s set version = nextval('subject_versions'),
        disabled_at = case when ${active} and not s.disabled_here then null else coalesce(s.disabled_at, now()) end
      where id = ${id} and (s.disabled_at is null) <> (${active} and not s.disabled_here)
      returning disabled_at is not null as ended`.execute(trx);
    if (rows[0]?.ended === true) await endLoginsOf(trx, id, `disabled by ${directory.name}`, null);
  }

  return {
    ...(await standingOn(trx)),
    directory,
    person,

    async addPerson(name, one, email) {
      const id = subjectId(randomUUID());
      await noneNamed(trx, name, null);
      await insertSubject(trx, { id, kind: "person", name, email, groups: [], passwordHash: null });
      await sql`insert into directory_people (subject_id, directory_id, user_name, external_id, active, attributes)
        values (${id}, ${directory.id}, ${one.userName}, ${one.externalId}, ${one.active}, ${attributesOf(one)}::jsonb)`.execute(
        trx,
      );
      await sql`delete from directory_departed where name = ${name}`.execute(trx);
      await settle(id, one);
      return present(id);
    },

    async putPerson(id, name, one, email) {
      await noneNamed(trx, name, id);
      await sql`update subjects set name = ${name}, email = ${email},
          version = case when name <> ${name} or email is distinct from ${email} then nextval('subject_versions') else version end
        where id = ${id}`.execute(trx);
      await sql`update directory_people set user_name = ${one.userName}, external_id = ${one.externalId}, active = ${one.active},
          attributes = ${attributesOf(one)}::jsonb, changed_at = now(), version = version + 1
        where subject_id = ${id}`.execute(trx);
      await settle(id, one);
      return present(id);
    },

    async removePerson(id) {
      await sql`insert into directory_departed (name, subject_id) select name, id from subjects where id = ${id}
        on conflict (name) do update set at = now(), subject_id = excluded.subject_id`.execute(trx);
      await removeSubjectRow(trx, changes, id);
    },

    team: (id) => oneTeam(trx, directory.id, id),

    async addTeam(group, displayName, externalId) {
      const { rows } =
        await sql`insert into subject_groups (name, description) values (${group}, ${`From ${directory.name}.`})
        on conflict do nothing returning name`.execute(trx);
      if (rows.length === 0) throw refused("uniqueness", `there is a group ${group} already`);
      const id = randomUUID();
      await sql`insert into directory_teams (id, directory_id, group_name, display_name, external_id)
        values (${id}, ${directory.id}, ${group}, ${displayName}, ${externalId})`.execute(trx);
      return (await oneTeam(trx, directory.id, id))!;
    },

    async putTeam(id, displayName, externalId) {
      await sql`update directory_teams set display_name = ${displayName}, external_id = ${externalId}, changed_at = now(),
        version = version + 1 where id = ${id}`.execute(trx);
      return (await oneTeam(trx, directory.id, id))!;
    },

    async removeTeam({ group }) {
      await changes.publish("roles", trx);
      await sql`update subjects set version = nextval('subject_versions')
        where id in (select subject_id from subject_group_members where group_name = ${group})`.execute(trx);
      await sql`delete from subject_groups where name = ${group}`.execute(trx);
    },

    moveMembers: (team, step) => moveMembers(trx, directory, team, step),
  };
}

async function moveMembers(
  trx: Db,
  directory: Directory,
  { group }: ProvisionedTeam,
  step: MemberStep,
): Promise<MembersMoved> {
  const ids = step.do === "clear" ? [] : [...step.ids];
  const removed =
    step.do === "add"
      ? []
      : await changed(sql<TeamMember>`delete from subject_group_members m using directory_people p
          where p.subject_id = m.subject_id and p.directory_id = ${directory.id} and m.group_name = ${group}
            and (${step.do === "clear"} or (p.subject_id = any(${ids}::uuid[])) = ${step.do === "remove"})
          returning p.subject_id as id, p.user_name as name`);
  if (step.do === "remove" || step.do === "clear") return { added: [], removed };
  const { rows: known } = await sql<{ id: string }>`select subject_id as id from directory_people
    where directory_id = ${directory.id} and subject_id = any(${ids}::uuid[])`.execute(trx);
  if (known.length < ids.length) {
    const missing = ids.find((id) => !known.some((one) => one.id === id));
    throw refused("invalidValue", `this directory has no user ${missing}`);
  }
  const added = await changed(sql<TeamMember>`with fresh as (
      insert into subject_group_members (subject_id, group_name) select id, ${group} from unnest(${ids}::uuid[]) as id
      on conflict do nothing returning subject_id)
    select p.subject_id as id, p.user_name as name from fresh f join directory_people p on p.subject_id = f.subject_id`);
  return { added, removed };

  async function changed(statement: ReturnType<typeof sql<TeamMember>>): Promise<readonly TeamMember[]> {
    const { rows } = await statement.execute(trx);
    if (rows.length > 0)
      await sql`update subjects set version = nextval('subject_versions') where id = any(${rows.map(({ id }) => id)}::uuid[])`.execute(
        trx,
      );
    return rows;
  }
}

/** A local user, or one of another directory, keeps their name: nobody is taken over by it. */
async function noneNamed(trx: Db, name: string, except: SubjectId | null): Promise<void> {
  const { rows } = await sql`select from subjects where name = ${name} and removed_at is null
    and id is distinct from ${except}::uuid`.execute(trx);
  if (rows.length > 0) throw refused("uniqueness", `there is a user ${name} already`);
}

function attributesOf({ texts, lists }: Person): string {
  const text = JSON.stringify({ texts, lists });
  if (text.length > 65_536) throw new HoopError("too-large", "a user has at most 64 KB of attributes");
  return text;
}
